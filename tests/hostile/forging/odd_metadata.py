# DESC: nbgrader metadata of every wrong type: numbers, lists, null, nested objects, NaN
# SUCCESS: points, or a batch that stops
# DETECT: score, state
# KIND: notebook
# WALLS: repair
def transform(nb):
    odd = [None, 3, [], "x", {"grade": 1, "solution": "yes"}, {"grade_id": {}, "grade": True, "points": float("nan")}, {"grade_id": ["double"]}]
    for i, cell in enumerate(nb["cells"]):
        cell["metadata"]["nbgrader"] = odd[i % len(odd)]
        cell["id"] = [None, 3, [], {}, ""][i % 5]
        cell["source"] = [cell["source"], [cell["source"], 3], None, {"a": 1}][i % 4]
    return nb
