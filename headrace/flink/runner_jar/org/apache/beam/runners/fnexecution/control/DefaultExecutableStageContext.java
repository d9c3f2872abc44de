package org.apache.beam.runners.fnexecution.control;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.sdk.options.PortablePipelineOptions;
import org.apache.beam.sdk.util.construction.PipelineOptionsTranslation;
import org.apache.beam.sdk.util.construction.graph.ExecutableStage;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.Struct;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.Value;

/**
 * The harnesses of a job on one TaskManager: each slot has one of its own.
 *
 * <p>headrace's, in the place of Beam's class of this name. Beam deals harnesses out in the order in
 * which the tasks of all stages happen to start, so that both tasks of a stage often get the same
 * one: a single Python process, and so a single processor, works while others wait. Flink runs the
 * tasks of one subtask number in one slot, so here that number decides.
 */
public class DefaultExecutableStageContext implements ExecutableStageContext, AutoCloseable {
  private static final String PARALLELISM = "beam:option:sdk_worker_parallelism:v1";

  /** How Flink ends the name of a task and of its thread: number and count of subtasks, attempt. */
  private static final Pattern SUBTASK = Pattern.compile(".*\\((\\d+)/\\d+\\)#\\d+$", Pattern.DOTALL);

  private final List<JobBundleFactory> harnesses;
  private final Map<String, JobBundleFactory> harnessOfSubtask = new ConcurrentHashMap<>();
  private final AtomicInteger given = new AtomicInteger();

  private DefaultExecutableStageContext(List<JobBundleFactory> harnesses) {
    this.harnesses = harnesses;
  }

  /** Called by Beam's Flink runner, once for each job and TaskManager. */
  public static DefaultExecutableStageContext create(JobInfo job) {
    JobInfo ofOne =
        JobInfo.create(job.jobId(), job.jobName(), job.retrievalToken(), withOneHarness(job));
    List<JobBundleFactory> harnesses = new ArrayList<>();
    for (int number = 0; number < harnessCount(job); number++) {
      harnesses.add(DefaultJobBundleFactory.create(ofOne));
    }
    return new DefaultExecutableStageContext(harnesses);
  }

  @Override
  public StageBundleFactory getStageBundleFactory(ExecutableStage stage) {
    return harnessOf(Thread.currentThread().getName()).forStage(stage);
  }

  @Override
  public void close() throws Exception {
    Exception first = null;
    for (JobBundleFactory harness : harnesses) {
      try {
        harness.close();
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

  private JobBundleFactory harnessOf(String thread) {
    Matcher subtask = SUBTASK.matcher(thread);
    return subtask.matches()
        ? harnessOfSubtask.computeIfAbsent(subtask.group(1), number -> next())
        : next();
  }

  private JobBundleFactory next() {
    return harnesses.get(Math.floorMod(given.getAndIncrement(), harnesses.size()));
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
}
