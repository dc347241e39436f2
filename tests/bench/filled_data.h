// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_FILLED_DATA_H_
#define SIGNET_TESTS_BENCH_FILLED_DATA_H_

#include <string>
#include <vector>

namespace signet {

// The service accounts put into a data directory, in order of creation.
struct FilledData {
  std::vector<std::string> ids;
  std::vector<std::string> tokens;  // Theirs, in the same order.
};

struct FillOptions {
  int label_bytes = 0;      // In a label of each.
  bool first_owns = false;  // The account, which need not be there then.
};

// Puts `count` service accounts with good tokens into account `account_id` of a
// server's data directory, whose server has been started before and is not
// running. Ends the process on an error.
FilledData FillData(const std::string& data_dir, const std::string& account_id,
                    int count, const FillOptions& options = {});

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_FILLED_DATA_H_
