# DESC: resolves names and reaches for the internet and the cloud's metadata service
# SUCCESS: an answer
# DETECT: word
# KIND: cell
# WALLS: namespaces seccomp
import socket, urllib.request

for host in ("localhost", "example.com", socket.gethostname()):
    try:
        found = socket.getaddrinfo(host, 80)
        if any(not address[4][0].startswith(("127.", "::1")) for address in found):
            won(f"{host} {found}")
    except OSError:
        pass
for url in ("http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/", "http://1.1.1.1/"):
    try:
        won(urllib.request.urlopen(url, timeout=0.3).read(100))
    except OSError:
        pass
