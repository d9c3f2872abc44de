package org.apache.beam.runners.fnexecution.control;

import headrace.LoopbackServers;
import headrace.WatchedHarnesses;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.beam.model.pipeline.v1.RunnerApi.StandardEnvironments;
import org.apache.beam.runners.fnexecution.environment.DockerEnvironmentFactory;
import org.apache.beam.runners.fnexecution.environment.EmbeddedEnvironmentFactory;
import org.apache.beam.runners.fnexecution.environment.EnvironmentFactory;
import org.apache.beam.runners.fnexecution.environment.ProcessEnvironmentFactory;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.sdk.fn.server.ServerFactory;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PortablePipelineOptions;
import org.apache.beam.sdk.util.construction.BeamUrns;
import org.apache.beam.sdk.util.construction.Environments;
import org.apache.beam.sdk.util.construction.PipelineOptionsTranslation;
import org.apache.beam.sdk.util.construction.graph.ExecutableStage;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.Struct;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.Value;

/**
 * The harnesses of a job on one TaskManager: each slot has one of its own, and a restarted task gets
 * a new one.
 *
 * <p>headrace's, in the place of Beam's class of this name. Beam deals harnesses out in the order in
 * which the tasks of all stages happen to start, so that both tasks of a stage often get the same
 * one: a single Python process, and so a single processor, works while others wait. Flink runs the
 * tasks of one subtask number in one slot, so here that number decides. And Beam gives a harness that
 * has died to restarted tasks, too, until it expires.
 */
public class DefaultExecutableStageContext implements ExecutableStageContext, AutoCloseable {
  private static final String PARALLELISM = "beam:option:sdk_worker_parallelism:v1";

  /** How Flink ends the name of a task and of its thread: number and count of subtasks, attempt. */
  private static final Pattern TASK =
      Pattern.compile(".*\\((\\d+)/\\d+\\)#(\\d+)$", Pattern.DOTALL);

  private final Supplier<JobBundleFactory> newHarness;
  private final List<Harness> slots = new ArrayList<>();
  private final Map<String, Integer> slotOfSubtask = new HashMap<>();
  private final List<JobBundleFactory> left = new ArrayList<>();
  private int given;

  private DefaultExecutableStageContext(int count, Supplier<JobBundleFactory> newHarness) {
    this.newHarness = newHarness;
    for (int slot = 0; slot < count; slot++) {
      slots.add(new Harness(newHarness.get(), 0));
    }
  }

  /** Called by Beam's Flink runner, once for each job and TaskManager. */
  public static DefaultExecutableStageContext create(JobInfo job) {
    JobInfo ofOne =
        JobInfo.create(job.jobId(), job.jobName(), job.retrievalToken(), withOneHarness(job));
    return new DefaultExecutableStageContext(
        harnessCount(job), () -> DefaultJobBundleFactory.create(ofOne, environments(ofOne)));
  }

  /** Beam's, but what harnesses of a worker pool or of a process call is on loopback only. */
  private static Map<String, EnvironmentFactory.Provider> environments(JobInfo job) {
    PipelineOptions options = PipelineOptionsTranslation.fromProto(job.pipelineOptions());
    return Map.of(
        BeamUrns.getUrn(StandardEnvironments.Environments.EXTERNAL),
        new WatchedHarnesses(),
        BeamUrns.getUrn(StandardEnvironments.Environments.PROCESS),
        new ProcessEnvironmentFactory.Provider(options) {
          @Override
          public ServerFactory getServerFactory() {
            return new LoopbackServers();
          }
        },
        BeamUrns.getUrn(StandardEnvironments.Environments.DOCKER),
        new DockerEnvironmentFactory.Provider(options),
        Environments.ENVIRONMENT_EMBEDDED,
        new EmbeddedEnvironmentFactory.Provider(options));
  }

  @Override
  public StageBundleFactory getStageBundleFactory(ExecutableStage stage) {
    return harnessFor(Thread.currentThread().getName()).forStage(stage);
  }

  @Override
  public synchronized void close() throws Exception {
    Exception first = null;
    slots.forEach(harness -> left.add(harness.factory));
    for (JobBundleFactory factory : left) {
      try {
        factory.close();
      } catch (Exception error) {
        if (first == null) {
          first = error;
        } else {
          first.addSuppressed(error);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private synchronized JobBundleFactory harnessFor(String thread) {
    Matcher task = TASK.matcher(thread);
    if (!task.matches()) {
      return slots.get(next()).factory;
    }
    int slot = slotOfSubtask.computeIfAbsent(task.group(1), number -> next());
    int attempt = Integer.parseInt(task.group(2));
    Harness harness = slots.get(slot);
    if (attempt > harness.attempt) {
      // Others of the slot's tasks may still use the old one, so it is closed at the end.
      left.add(harness.factory);
      harness = new Harness(newHarness.get(), attempt);
      slots.set(slot, harness);
    }
    return harness.factory;
  }

  private int next() {
    return Math.floorMod(given++, slots.size());
  }

  /** As many as the job asks for; 0 stands for one less than there are processors, as in Beam. */
  private static int harnessCount(JobInfo job) {
    Integer asked =
        PipelineOptionsTranslation.fromProto(job.pipelineOptions())
            .as(PortablePipelineOptions.class)
            .getSdkWorkerParallelism();
    if (asked == null) {
      return 1;
    }
    return Math.max(1, asked > 0 ? asked : Runtime.getRuntime().availableProcessors() - 1);
  }

  private static Struct withOneHarness(JobInfo job) {
    Value one = Value.newBuilder().setNumberValue(1).build();
    return job.pipelineOptions().toBuilder().putFields(PARALLELISM, one).build();
  }

  /** What a slot's tasks of this attempt, and of later stages, work with. */
  private static class Harness {
    final JobBundleFactory factory;
    final int attempt;

    Harness(JobBundleFactory factory, int attempt) {
      this.factory = factory;
      this.attempt = attempt;
    }
  }
}
