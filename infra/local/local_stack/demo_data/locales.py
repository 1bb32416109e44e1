"""Names, places and phone numbers of many countries. Nobody in here exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Locale:
    """What people of one place are called, where they live, and how their numbers look ("{n}" is four digits)."""

    code: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    street: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str
    mobile: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


# fmt: off
LOCALES = (
    Locale(
        "de",
        _words("Jürgen|Anke|Björn|Käthe|Hans-Peter|Sören"),
        _words("Müller|Groß|Schäfer|von der Heide|Weiß|Öztürk"),
        "Königstraße {n}", "Köln", "Nordrhein-Westfalen", "50667", "Deutschland",
        "+49 221 90 {n}", "+49 151 2305 {n}",
    ),
    Locale(
        "fr",
        _words("Zoé|François|Hélène|Jean-Baptiste|Anaïs|Loïc"),
        _words("Lefèvre|d'Aubigné|Gonçalves|Le Goff|Saint-Exupéry|Nuñez"),
        "{n} rue de l’Église", "Besançon", "Doubs", "25000", "France",
        "+33 3 81 99 {n}", "+33 6 39 98 {n}",
    ),
    Locale(
        "es",
        _words("María del Carmen|José Ángel|Begoña|Íñigo|Ana Belén|Nicolás"),
        _words("García Márquez|Núñez de Balboa|Ibáñez|Ruiz-Gallardón|de la Peña|Güell"),
        "Calle Ñuble {n}", "Logroño", "La Rioja", "26001", "España",
        "+34 941 20 {n}", "+34 600 10 {n}",
    ),
    Locale(
        "pt-BR",
        _words("João|Conceição|Luís Otávio|Thaís|Antônio|Inês"),
        _words("Araújo da Silva|Gonçalves|São Pedro|Magalhães|dos Santos|Leitão"),
        "Rua São João {n}", "São Paulo", "SP", "01035-000", "Brasil",
        "+55 11 3999 {n}", "+55 11 99 999 {n}",
    ),
    Locale(
        "nl",
        _words("Pim|Anneloes|Jan Willem|Sjoerd|Marijke|Fré"),
        _words("van den Berg|'t Hart|de Vries|van 't Hoff|IJsselstein|ten Brink"),
        "Prinsengracht {n}", "Amsterdam", "Noord-Holland", "1016 HL", "Nederland",
        "+31 20 900 {n}", "+31 6 1900 {n}",
    ),
    Locale(
        "pl",
        _words("Łukasz|Małgorzata|Świętosława|Żaneta|Grażyna|Zbigniew"),
        _words("Brzęczyszczykiewicz|Wójcik|Żółć|Łęcka-Nowak|Kościuszko|Ćwik"),
        "ul. Świętokrzyska {n}", "Łódź", "łódzkie", "90-001", "Polska",
        "+48 42 200 {n}", "+48 601 30 {n}",
    ),
    Locale(
        "is",
        _words("Þórdís|Ægir|Guðrún|Björk|Sigurður|Ásgeir"),
        _words("Jónsdóttir|Þorvaldsson|Guðmundsdóttir|Ólafsson|Hallgrímsson|Æsudóttir"),
        "Skólavörðustígur {n}", "Reykjavík", "", "101", "Ísland",
        "+354 510 {n}", "+354 690 {n}",
    ),
    Locale(
        "tr",
        _words("İpek|Çağrı|Gülşen|Işıl|Özgür|Şebnem"),
        _words("Yıldız|Çelik|Öğüt|Işık|Şahin|Gökçe"),
        "İstiklal Caddesi No: {n}", "İzmir", "", "35220", "Türkiye",
        "+90 232 390 {n}", "+90 532 39 {n}",
    ),
    Locale(
        "vi",
        _words("Thị Hương|Đức Anh|Quỳnh Như|Văn Dũng|Bảo Ngọc|Hữu Phước"),
        _words("Nguyễn|Trần|Đặng|Phạm|Vũ|Lê"),
        "{n} Đường Lê Lợi", "Huế", "Thừa Thiên Huế", "49000", "Việt Nam",
        "+84 234 390 {n}", "+84 91 230 {n}",
    ),
    Locale(
        "ja",
        _words("太郎|花子|健一|さくら|龍之介|美咲"),
        _words("山田|佐藤|髙橋|渡邊|五十嵐|ケンプ"),
        "丸の内{n}", "千代田区", "東京都", "100-0005", "日本",
        "+81 3 5200 {n}", "+81 90 1200 {n}",
    ),
    Locale(
        "zh",
        _words("伟|秀英|建国|小龙|雪梅|子轩"),
        _words("王|李|欧阳|诸葛|张|陈"),
        "长安街{n}号", "北京", "", "100005", "中国",
        "+86 10 6500 {n}", "+86 138 0013 {n}",
    ),
    Locale(
        "ko",
        _words("민준|서연|도윤|하은|지호|수아"),
        _words("김|이|박|남궁|최|황보"),
        "세종대로 {n}", "서울", "", "04524", "대한민국",
        "+82 2 730 {n}", "+82 10 2345 {n}",
    ),
    Locale(
        "ar",
        _words("محمد|فاطمة|عبد الرحمن|نور الهدى|خالد|ليلى"),
        _words("الخطيب|بن سعيد|النجار|أبو زيد|الحسيني|منصور"),
        "شارع التحرير {n}", "القاهرة", "", "11511", "مصر",
        "+20 2 2790 {n}", "+20 100 120 {n}",
    ),
    Locale(
        "he",
        _words("יעל|דוד|שרה-לאה|אבי|נועה|יצחק"),
        _words("כהן|בן-דוד|לוי|מזרחי|אבו חצירא|שפירא"),
        "דרך מנחם בגין {n}", "תל אביב-יפו", "", "6789141", "ישראל",
        "+972 3 690 {n}", "+972 50 390 {n}",
    ),
    Locale(
        "ru",
        _words("Алёна|Юрий|Мария-Луиза|Пётр|Щепан|Ксения"),
        _words("Иванов-Крамской|Щербакова|Достоевский|Ёлкина|Сорокин|Жуковская"),
        "ул. Большая Ордынка, {n}", "Москва", "", "119017", "Россия",
        "+7 495 660 {n}", "+7 916 123 {n}",
    ),
    Locale(
        "el",
        _words("Αλέξανδρος|Ελένη|Γιώργος|Αφροδίτη|Χρήστος|Ζωή"),
        _words("Παπαδόπουλος|Καζαντζάκη|Οικονόμου|Θεοδωράκης|Μητσοτάκη|Ξενάκης"),
        "Οδός Ερμού {n}", "Αθήνα", "", "105 63", "Ελλάδα",
        "+30 21 0330 {n}", "+30 694 400 {n}",
    ),
    Locale(
        "hi",
        _words("अनन्या|राजेश|लक्ष्मी|अर्जुन|प्रिया|विक्रम"),
        _words("शर्मा|वर्मा|चतुर्वेदी|कृष्णमूर्ति|सिंह|गुप्ता"),
        "महात्मा गांधी मार्ग {n}", "नई दिल्ली", "दिल्ली", "110001", "भारत",
        "+91 11 2330 {n}", "+91 98100 1 {n}",
    ),
    Locale(
        "en-IE",
        _words("Siobhán|Seán|Aoife|Pádraig|Mary-Kate|J.J."),
        _words("O'Brien|Ní Dhomhnaill|Mac an tSaoir|FitzGerald|O’Neill|de Búrca"),
        "{n} St. Stephen's Green", "Dublin", "County Dublin", "D02 XY45", "Ireland",
        "+353 1 900 {n}", "+353 85 900 {n}",
    ),
)
# fmt: on

COMPANIES = (
    "Harbour Café",
    "Müller & Söhne GmbH",
    "株式会社 東京光学",
    "Société Générale d’Électricité",
    "O'Hara, Quinn & Partners",
    "Ημεροδρόμιο Α.Ε.",
    "شركة النيل للتجارة",
    "Acme (Überseehandel) Ltd.",
    "北京远大科技有限公司",
    '"Quoted" Industries',
    "Ångström AB",
    "José & María, S.L.",
)
"""The accounts that Sugar knows; Google contacts of other companies must not make new ones."""

TITLES = (
    "Head of Purchasing",
    "Geschäftsführerin",
    "Directeur général",
    "営業部長",
    "Инженер",
    "Account Manager",
)
DEPARTMENTS = ("Sales", "Einkauf", "Recherche & Développement", "技術部", "", "Support / 2nd level")
NOTES = (
    "Met at the trade fair; likes to be called in the afternoon.",
    "Zwei Zeilen,\ndie zweite mit Umlauten: äöüß.",
    "メールでの連絡を希望。",
    'Allergic to <b>bold</b> claims & "quotes".',
    "يفضل الاتصال صباحا",
    "Prefers tea 🍵 over coffee ☕.",
)
