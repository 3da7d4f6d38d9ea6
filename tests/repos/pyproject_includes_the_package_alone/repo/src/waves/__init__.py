from .forms import SINE
