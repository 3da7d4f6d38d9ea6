def f(:
    return {{ cookiecutter.name }}
