# DESC: sockets in the file system: docker, dbus, systemd, X11, the machine's log
# SUCCESS: a connection
# DETECT: word
# KIND: cell
# WALLS: namespaces ids
import glob, socket

for path in ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/dbus/system_bus_socket", "/dev/log", "/run/systemd/private", "/tmp/.X11-unix/X0", "/run/containerd/containerd.sock", *glob.glob("/tmp/*.sock"), *glob.glob("/run/**/*.sock", recursive=True)]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        s = socket.socket(socket.AF_UNIX, kind)
        try:
            s.connect(path)
            won(path)
        except OSError:
            pass
