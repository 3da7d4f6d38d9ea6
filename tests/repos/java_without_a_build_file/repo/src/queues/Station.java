package queues;

class Station {
    private final int servers;

    Station(int servers) {
        this.servers = servers;
    }

    double wait(int guests) {
        return (double) guests / servers;
    }
}
