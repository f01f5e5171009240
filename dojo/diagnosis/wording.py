def plain(f):
    return f"{type(f).__name__}: {f} {getattr(f,'function',None)} {getattr(f,'tensor',None)} {getattr(f,'cause',None)}"
