# DESC: a thread takes requests off the channel and never answers
# SUCCESS: the judge waits longer than its deadline
# DETECT: state
# KIND: cell
# SCORES: any
# WALLS: judge


def double(x):
    import os, socket, threading

    def steal():
        while socket.socket(fileno=os.dup(3)).recv(100):
            pass

    threading.Thread(target=steal, daemon=True).start()
    return 0
