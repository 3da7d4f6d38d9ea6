import pytest
from tool import core
