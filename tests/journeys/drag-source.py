# A GTK window to drag from, as file managers and browsers have them. It offers what its standard input says as JSON,
# {"uris": [...], "text": "...", "html": "..."}, and tells what happens: ready, entered, begun,
# welcome or unwelcome where the pointer is, refused, ended.
import json
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

URIS, HTML, TEXT = 1, 2, 3
offered = json.load(sys.stdin)


def tell(what):
    print(what, flush=True)


def give(_widget, _context, data, info, _time):
    if info == URIS:
        data.set_uris(offered["uris"])
    elif info == HTML:
        data.set(data.get_target(), 8, offered["html"].encode())
    else:
        data.set_text(offered["text"], -1)


def begin(_widget, context):
    context.connect("action-changed", lambda _context, action: tell("welcome" if action else "unwelcome"))
    tell("begun")


targets = Gtk.TargetList.new([])
if "uris" in offered:
    targets.add_uri_targets(URIS)
if "html" in offered:
    targets.add(Gdk.Atom.intern("text/html", False), 0, HTML)
if "text" in offered:
    targets.add_text_targets(TEXT)

area = Gtk.EventBox()
area.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
area.drag_source_set_target_list(targets)
area.add_events(Gdk.EventMask.ENTER_NOTIFY_MASK)
area.connect("enter-notify-event", lambda *_: tell("entered"))
area.connect("drag-data-get", give)
area.connect("drag-begin", begin)
area.connect("drag-failed", lambda *_: tell("refused"))
area.connect("drag-end", lambda *_: tell("ended"))

window = Gtk.Window(title="drag source")
window.set_default_size(200, 120)
window.move(0, 0)
window.add(area)
window.connect("map-event", lambda *_: tell("ready"))
window.show_all()
Gtk.main()
