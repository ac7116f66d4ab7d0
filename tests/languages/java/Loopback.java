// A server of HTTP and its client on the loopback; a socket of each kind.
import com.sun.net.httpserver.HttpServer;
import java.net.*;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.channels.*;

public class Loopback {
  public static void main(String[] arguments) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
    server.createContext("/", exchange -> {
      byte[] answer = ("served " + exchange.getRequestURI().getPath()).getBytes();
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    server.start();
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hello");
    HttpResponse<String> answer = HttpClient.newHttpClient().send(
        HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    System.out.println("HTTP: " + answer.statusCode() + " " + answer.body());
    server.stop(0);

    ServerSocketChannel local = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    local.bind(UnixDomainSocketAddress.of("/tmp/socket"));
    SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of("/tmp/socket"));
    SocketChannel peer = local.accept();
    client.write(ByteBuffer.wrap("hello".getBytes()));
    ByteBuffer bytes = ByteBuffer.allocate(100);
    System.out.println("AF_UNIX: " + peer.read(bytes) + " bytes");

    DatagramSocket one = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    DatagramSocket other = new DatagramSocket();
    other.send(new DatagramPacket("datagram".getBytes(), 8, one.getLocalSocketAddress()));
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    one.receive(packet);
    System.out.println("UDP: " + new String(packet.getData(), 0, packet.getLength()));
    System.exit(0);
  }
}
