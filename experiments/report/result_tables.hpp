// The tables of one run's report.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/groups.hpp"
#include "experiments/results/run_record.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

/// One table per network and data set: baseline, A_x per eta and A_avr with intervals; below each
/// row what is published, and ours minus that. Where eta is not swept: accuracy and A.
std::vector<DataTable> accuracy_tables(const std::vector<Group>&);

/// eta, SNR, sigma_G, share of g_max and bits, over all layers, per kind of device and eta; no
/// lines where no point has layers.
DataTable device_table(const RunRecord&);

/// One table per network: sigma_w, dead filters, smallest variance, noise gains of every layer, at
/// the eta nearest to 10 %.
std::vector<DataTable> layer_tables(const RunRecord&);

/// Every epoch of every network; and where each network stands.
DataTable curves_table(const RunRecord&);
DataTable training_table(const RunRecord&);

/// Points without results: how far each is, and why.
DataTable missing_table(const RunRecord&);

}  // namespace ohmic
