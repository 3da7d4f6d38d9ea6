def compile_modules():
    from numba.pycc import CC

    compiler = CC("aot")
    compiler.compile()


try:
    import waves.aot
except ImportError:
    compile_modules()

    import waves.aot
