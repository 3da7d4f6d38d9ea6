import pytest

from notes import count


@pytest.fixture
def fs():
    return {}


@pytest.mark.mpl_image_compare
def test_picture():
    return None


@pytest.mark.slow
@pytest.mark.datafiles
@pytest.mark.timeout(5)
async def test_count(
    httpx_mock,
    fs,
    cookies: str = "",
):
    assert count("a b") == 2


@pytest.mark.parametrize(("benchmark", "datadir"), [("a", 1)])
def test_given(benchmark, datadir, mocker):
    assert count(benchmark) == datadir
