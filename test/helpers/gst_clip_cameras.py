"""GStreamer's RTSP server as two cameras: gst_clip_cameras.py [--h265] LEFT.mp4 RIGHT.mp4 [USER PASSWORD]

Serves the clips as /left and /right, from their first picture on for each first client, with Digest log-in when a user
is given. Prints "ready PORT"; ends with its standard input.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
arguments = sys.argv[1:]
codec = "h265" if arguments[0] == "--h265" else "h264"
if codec == "h265":
    arguments = arguments[1:]
clips = arguments[:2]
credentials = arguments[2:4]

server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service("0")
if credentials:
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(credentials[0], credentials[1], token)
    server.set_auth(auth)

for path, clip in zip(("left", "right"), clips):
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(
        f'( filesrc location="{clip}" ! qtdemux ! {codec}parse ! rtp{codec}pay name=pay0 pt=96 config-interval=-1 )'
    )
    factory.set_shared(True)
    if credentials:
        permissions = GstRtspServer.RTSPPermissions()
        for permission in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role("viewer", permission, True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(f"/{path}", factory)

server.attach(None)
print(f"ready {server.get_bound_port()}", flush=True)
loop = GLib.MainLoop()


def on_input(source, condition):
    if not source.read(1):
        loop.quit()
        return False
    return True


GLib.io_add_watch(sys.stdin.buffer.raw, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_input)
loop.run()
