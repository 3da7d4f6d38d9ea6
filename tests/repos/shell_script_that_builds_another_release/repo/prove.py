from tools import lemma

print(lemma.NAME)
