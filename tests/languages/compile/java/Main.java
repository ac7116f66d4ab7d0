import java.util.function.Supplier;
import part.Part;

public class Main {
  record Named(String name) {}

  public static void main(String[] arguments) {
    Supplier<Named> supplier = () -> new Named(Part.name());
    System.out.println(supplier.get());
  }
}
