package headrace;

import java.lang.reflect.Field;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import org.apache.beam.runners.fnexecution.artifact.ArtifactRetrievalService;
import org.apache.beam.runners.fnexecution.control.ControlClientPool;
import org.apache.beam.runners.fnexecution.control.FnApiControlClient;
import org.apache.beam.runners.fnexecution.control.FnApiControlClientPoolService;
import org.apache.beam.runners.fnexecution.control.InstructionRequestHandler;
import org.apache.beam.runners.fnexecution.data.GrpcDataService;
import org.apache.beam.runners.fnexecution.environment.EnvironmentFactory;
import org.apache.beam.runners.fnexecution.environment.ExternalEnvironmentFactory;
import org.apache.beam.runners.fnexecution.environment.RemoteEnvironment;
import org.apache.beam.runners.fnexecution.logging.GrpcLoggingService;
import org.apache.beam.runners.fnexecution.provisioning.StaticGrpcProvisionService;
import org.apache.beam.sdk.fn.IdGenerator;
import org.apache.beam.sdk.fn.server.GrpcFnServer;
import org.apache.beam.sdk.fn.server.ServerFactory;

/**
 * Harnesses of a worker pool, whose tasks do not wait for data of one that has ended.
 *
 * <p>A harness connects to the TaskManager for orders first and for data later. If it dies between
 * the two, Beam's task waits for the second connection for three minutes, whatever has become of the
 * first.
 */
public class WatchedHarnesses extends ExternalEnvironmentFactory.Provider {
  /** What the task waits for. Beam has no way to end this wait alone. */
  private static final Field CONNECTED = connected();

  private final Queue<LoopbackServers> known = new ConcurrentLinkedQueue<>();

  @Override
  public ServerFactory getServerFactory() {
    LoopbackServers servers = new LoopbackServers();
    known.add(servers);
    return servers;
  }

  @Override
  public EnvironmentFactory createEnvironmentFactory(
      GrpcFnServer<FnApiControlClientPoolService> control,
      GrpcFnServer<GrpcLoggingService> logging,
      GrpcFnServer<ArtifactRetrievalService> retrieval,
      GrpcFnServer<StaticGrpcProvisionService> provisioning,
      ControlClientPool clients,
      IdGenerator ids) {
    EnvironmentFactory beams =
        super.createEnvironmentFactory(control, logging, retrieval, provisioning, clients, ids);
    LoopbackServers servers = serversOf(control);
    return (environment, worker) -> {
      RemoteEnvironment harness = beams.createEnvironment(environment, worker);
      InstructionRequestHandler orders = harness.getInstructionRequestHandler();
      if (orders instanceof FnApiControlClient) {
        ((FnApiControlClient) orders).onClose(ended -> endWaits(servers));
      }
      return harness;
    };
  }

  /** Those that were made together with this one: the harness is to call all of them. */
  private LoopbackServers serversOf(GrpcFnServer<FnApiControlClientPoolService> control) {
    return known.stream()
        .filter(servers -> servers.services().contains(control.getService()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("a server that was made by nobody"));
  }

  private static void endWaits(LoopbackServers servers) {
    for (Object service : servers.services()) {
      if (service instanceof GrpcDataService) {
        try {
          ((Future<?>) CONNECTED.get(service)).cancel(true); // nothing where it has connected
        } catch (IllegalAccessException error) {
          throw new IllegalStateException(error);
        }
      }
    }
  }

  private static Field connected() {
    try {
      Field field = GrpcDataService.class.getDeclaredField("connectedClient");
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException error) {
      throw new IllegalStateException("Beam's data service is another than 2.70's", error);
    }
  }
}
