class Mesh {
public:
    explicit Mesh(int size) : size_(size) {}
    double energy() const;

private:
    int size_;
};
