cat > made.py <<EOF
print(1)
EOF
python made.py
# python old.py
python subnet/main.py --test
