from __future__ import annotations
import itertools
from datetime import timedelta
import pytest
from tests.sync.ordering import *
from tests.sync.ordering import apply, undo, run as rundoc
from tests.world import *
from tests.world import Auto

def base():
    world = World()
    sugar_id, google_id = link(world, title="Cook")
    other, g2 = link(world, first="Bo", last="Dahl", email="bo@x.test")
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    world.settle()
    return world, sugar_id, google_id, g2

def test_undo_after_rename():
    world, s, g, g2 = base()
    e = last(world, "update")
    new = world.google.rename_contact(world.first.sub, f"people/{g}")
    print("renamed", new)
    f, a = undo(world, e.id)
    print(f.state, f.message)
    if f.state == "ready":
        apply(world, f.id); print(moved(world, f.id))
    print([c.get("organizations") for c in world.google_contacts()])
    world.settle()
    print([c.get("organizations") for c in world.google_contacts()], [r["title"] for r in world.sugar_contacts()])

def test_undo_after_rename_between():
    world, s, g, g2 = base()
    e = last(world, "update")
    f, a = undo(world, e.id)
    new = world.google.rename_contact(world.first.sub, f"people/{g}")
    apply(world, f.id); print(moved(world, f.id))
    print([c.get("organizations") for c in world.google_contacts()])
    world.settle()

def test_undo_after_merge():
    world, s, g, g2 = base()
    e = last(world, "update")
    import inspect; print(inspect.signature(world.google.merge_contacts))
    world.google.merge_contacts(world.first.sub, f"people/{g2}", [f"people/{g}"])
    f, a = undo(world, e.id)
    print("A", f.state, f.message)
    if f.state == "ready": apply(world, f.id); print(moved(world, f.id))
    world.settle()
    f, a = undo(world, e.id)
    print("B", f.state, f.message, [b.cause for b in world.backlog()], len(world.sugar_contacts()))

def test_undo_after_merge_with_unlinked():
    world, s, g, g2 = base()
    e = last(world, "update")
    g3 = world.add_google("Ana", "R", "other@x.test")
    world.google.merge_contacts(world.first.sub, f"people/{g3}", [f"people/{g}"])
    f, a = undo(world, e.id)
    print("A", f.state, f.message, len(a))
    if f.state == "ready": apply(world, f.id); print(moved(world, f.id))
    world.settle()
    print([b.cause for b in world.backlog()], world.sugar_names(), world.google_names())

def test_undo_conflict():
    for pol in ("sugar","google","newest"):
        world = World(); world.set(conflict=pol)
        s, g = link(world, title="Cook")
        world.clock.advance(minutes=5)
        world.sugar.edit_contact(s, title="S"); world.clock.advance(seconds=5); world.edit_google(g, organizations=[{"title":"G"}])
        world.settle()
        for e in [e for e in world.history() if e.action=="update"]:
            print(pol, e.side, e.changes, e.before.get("title"))
        e = last(world, "update")
        f, a = undo(world, e.id); apply(world, f.id); world.settle()
        print([c["organizations"] for c in world.google_contacts()], [r["title"] for r in world.sugar_contacts()])

def test_clean_twice_and_new_leavers():
    from tests.sync.test_scope_clean import moved_out
    world, ids = moved_out(5)
    world.sugar.edit_contact(ids[0], assigned_user_id=world.first.sugar_user); world.settle()
    world.sugar.edit_contact(ids[1], assigned_user_id=world.first.sugar_user); world.settle()
    r1 = orders.order_clean(world.engine, world.first.sub, 3)
    r2 = orders.order_clean(world.engine, world.first.sub, 3)
    # deliver the first
    t = [x for x in world.tasks if x[0].get("run")==r1][0]; world.tasks.remove(t)
    work(world.engine, WorkerRequest(**t[0]))
    for i in ids[:2]: world.sugar.edit_contact(i, assigned_user_id="user-bob")
    world.clock.advance(days=1, minutes=1)
    world.settle()
    deliver(world, only="clean")
    print(r1==r2, rundoc(world, r2).counts, world.google_names())

def test_preview_does_not_write():
    world, _ = varied()
    world.settle()
    world.clock.advance(minutes=5)
    u = world.user(); 
    preview(world)
    v = world.user()
    import dataclasses
    print({f.name for f in dataclasses.fields(u) if getattr(u,f.name)!=getattr(v,f.name)})

def test_disconnect_reconnect_preview():
    pass
