# DESC: trace, profile and audit hooks, gc callbacks, codec handlers, warnings and excepthooks that raise in the server
# SUCCESS: another exercise is blamed on the judge
# DETECT: state, status
# KIND: cell
# SCORES: any
# WALLS: judge wire


def double(x):
    import codecs, gc, sys, threading

    def angry(*a, **k):
        raise RuntimeError("hook")

    gc.callbacks.append(angry)
    codecs.register_error("replace", angry)
    threading.setprofile(angry)
    sys.setprofile(angry)
    sys.settrace(angry)
    sys.addaudithook(angry)
    return 0
