package headrace;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.apache.beam.model.pipeline.v1.Endpoints.ApiServiceDescriptor;
import org.apache.beam.sdk.fn.server.GrpcContextHeaderAccessorProvider;
import org.apache.beam.sdk.fn.server.ServerFactory;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.BindableService;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.Grpc;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.Metadata;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.Server;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.ServerCall;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.ServerCallHandler;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.ServerInterceptor;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.ServerInterceptors;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.Status;
import org.apache.beam.vendor.grpc.v1p69p0.io.grpc.netty.NettyServerBuilder;

/**
 * What harnesses call on a TaskManager: on the loopback interface, and for this user's processes.
 *
 * <p>Beam's own servers listen on every interface and answer everybody, among other things with any
 * file that the TaskManager can read.
 */
public class LoopbackServers extends ServerFactory {
  /** Harnesses say that they are alive every so many seconds. */
  private static final long KEEP_ALIVE_SECONDS = 20;

  private final Queue<BindableService> services = new ConcurrentLinkedQueue<>();

  /** What its servers serve. */
  Collection<BindableService> services() {
    return services;
  }

  @Override
  public Server allocateAddressAndCreate(
      List<BindableService> services, ApiServiceDescriptor.Builder descriptor) throws IOException {
    Server server = start(services, 0);
    descriptor.setUrl("localhost:" + server.getPort());
    return server;
  }

  @Override
  public Server create(List<BindableService> services, ApiServiceDescriptor descriptor)
      throws IOException {
    String url = descriptor.getUrl();
    return start(services, Integer.parseInt(url.substring(url.lastIndexOf(':') + 1)));
  }

  private Server start(List<BindableService> services, int port) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address)
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .permitKeepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
    this.services.addAll(services);
    ServerInterceptor headers = GrpcContextHeaderAccessorProvider.interceptor();
    for (BindableService service : services) {
      builder.addService(ServerInterceptors.intercept(service, headers, new OwnUserOnly()));
    }
    return builder.build().start();
  }

  private static class OwnUserOnly implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      SocketAddress caller = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
      SocketAddress called = call.getAttributes().get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR);
      if (Connections.isOwn(caller, called)) {
        return next.startCall(call, headers);
      }
      call.close(
          Status.PERMISSION_DENIED.withDescription("this is another user's"), new Metadata());
      return new ServerCall.Listener<Q>() {};
    }
  }
}
