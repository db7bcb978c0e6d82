// This process among those that one launcher started: mpirun (Open MPI, MPICH, Intel MPI) or srun.
// The launcher says so in the environment; the processes share work by claims, not by messages.
#pragma once

#include <functional>
#include <string>

namespace ohmic {

struct Rank {
  int index = 0;        ///< from 0; 0 speaks for all
  int count = 1;        ///< processes started together
  int local_count = 1;  ///< of them on this machine
  int local_index = 0;  ///< among those, from 0

  bool is_first() const { return index == 0; }
  /// "[3] " before what one of several processes says; empty for a single one.
  std::string prefix() const;
};

/// Value of an environment variable, null when it is not set.
using Environment = std::function<const char*(const char*)>;

/// From OMPI_COMM_WORLD_*, PMI_* or SLURM_*; a process that no launcher started is the only one.
Rank rank_from(const Environment&);
Rank this_rank();

/// A process's share of the machine: the processors it may run on, at most `online`/local_count,
/// because launchers do not always bind.
int threads_of(const Rank&, int allowed, int online);

/// compute.device for this process on a machine with `gpus` GPUs: its ranks take "auto" and "cuda"
/// in turn, rank by rank "cuda:0", "cuda:1" ... and again from the first. "cpu" and a GPU that is
/// named stay as they are, and so does everything where there are none.
std::string device_of(const Rank&, const std::string& requested, int gpus);

}  // namespace ohmic
