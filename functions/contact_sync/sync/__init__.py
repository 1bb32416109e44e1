"""One run, from changes to records.

    load -> look -> lease -> intake -> choose -> fetch -> decide -> guard -> journal -> apply -> record

`run` strings the steps together; each step is a module that knows nothing of the ones after it. Feed content only
makes due marks; every decision is taken on records read directly. What a crash would lose is in Firestore before it
is written anywhere else. What a run works on is its `choice`: what is due, what a person approved of a preview, what
left the scope. A preview is the same run; its batches are shown instead of carried out.
"""
