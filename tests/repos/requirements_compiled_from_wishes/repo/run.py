import numpy, requests
