package queues;

public class Main {
    public static void main(String[] args) {
        System.out.println(new Station(3).wait(2));
    }
}
