from loom_core.weave import weave
