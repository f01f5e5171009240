def explain(loaded, results):
    return [r.error for r in results]
