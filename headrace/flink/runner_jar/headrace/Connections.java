package headrace;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Whose a connection within this machine is, by the kernel's tables of them (proc(5)). */
final class Connections {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

  // Columns of the tables. The kernel shows user 0 and no inode for what its process has closed.
  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int USER = 7;
  private static final int INODE = 9;

  private Connections() {}

  /** Whether the process that calls is this user's or root's; what cannot be told is not. */
  static boolean isOwn(SocketAddress caller, SocketAddress called) {
    if (!(caller instanceof InetSocketAddress) || !(called instanceof InetSocketAddress)) {
      return false;
    }
    try {
      int own = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      boolean found = false;
      for (Path table : TABLES) {
        if (!Files.exists(table)) {
          continue;
        }
        List<String> lines = Files.readAllLines(table);
        for (String line : lines.subList(1, lines.size())) {
          String[] fields = line.trim().split("\\s+");
          if (isSame(fields[LOCAL], caller) && isSame(fields[REMOTE], called)) {
            int user = Integer.parseInt(fields[USER]);
            if (fields[INODE].equals("0") || (user != own && user != 0)) {
              return false;
            }
            found = true;
          }
        }
      }
      return found;
    } catch (IOException | UnsupportedOperationException error) {
      return false;
    }
  }

  /** An address and a port in hexadecimal digits; words of 32 bits in the machine's byte order. */
  private static boolean isSame(String shown, SocketAddress address) throws IOException {
    InetSocketAddress other = (InetSocketAddress) address;
    int colon = shown.indexOf(':');
    if (Integer.parseInt(shown.substring(colon + 1), 16) != other.getPort()) {
      return false;
    }
    ByteBuffer bytes = ByteBuffer.allocate(colon / 2).order(ByteOrder.nativeOrder());
    for (int start = 0; start < colon; start += 8) {
      bytes.putInt(Integer.parseUnsignedInt(shown.substring(start, start + 8), 16));
    }
    return InetAddress.getByAddress(bytes.array()).equals(other.getAddress());
  }
}
