import gensim
from six import moves
