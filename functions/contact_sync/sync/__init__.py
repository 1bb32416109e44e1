"""One run, from changes to records.

    load -> look -> lease -> intake -> choose -> fetch -> decide -> guard -> journal -> apply -> record

`run` strings the steps together; each step is a module that knows nothing of the ones after it. Feed content only
makes due marks; every decision is taken on records read directly. What a crash would lose is in Firestore before it
is written anywhere else. Preview is the same run, stopped before the guard lets anything out.
"""
