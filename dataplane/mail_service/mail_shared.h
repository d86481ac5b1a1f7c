// What the mail services of all workers have in common.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/auth/auth_penalty.h"
#include "dataplane/auth/helper_threads.h"
#include "dataplane/auth/sasl.h"
#include "dataplane/mail/charset.h"
#include "dataplane/mail_service/mail_counters.h"
#include "dataplane/policy/policy_shared.h"
#include "dataplane/store/log_numbers.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "storage/spool/spool_scan.h"

namespace gatepost::dataplane {

class MailShared {
  public:
    // While files can still be opened. Reads what an earlier process left in `folder`, the message
    // log, and tells in the log what is wrong with it. `resolver`: servers of DNS, as
    // ResolverOptions has them.
    static Result<std::unique_ptr<MailShared>> open(const std::string& folder, unsigned workers,
                                                    const std::string& resolver);

    // Threads for password hashes and for DNS. Once privileges are given up, and before the
    // system-call filter.
    void start_helpers();

    int folder() const { return folder_.get(); }
    LogNumbers& numbers() { return numbers_; }
    HelperThreads& helpers() { return *helpers_; }
    AuthPenalty& penalty() { return *penalty_; }
    PolicyShared& policy() { return *policy_; }
    const ScramDecoyKey& decoy_key() const { return decoy_key_; }
    const Charsets& charsets(unsigned worker) const { return charsets_[worker]; }
    MailCounters& counters(unsigned worker) { return counters_[worker]; }
    const AllMailCounters& all_counters() const { return counters_; }
    // Messages of an earlier process that this worker is to deliver.
    std::span<const storage::SpooledMessage> left_over(unsigned worker) const;

  private:
    MailShared(UniqueFd folder, uint32_t next_number, unsigned workers)
        : folder_(std::move(folder)), numbers_(next_number, workers), counters_(workers) {}

    UniqueFd folder_;
    LogNumbers numbers_;
    std::vector<std::vector<storage::SpooledMessage>> left_over_;  // by worker
    std::vector<Charsets> charsets_;                               // by worker
    AllMailCounters counters_;
    std::unique_ptr<AuthPenalty> penalty_;
    std::unique_ptr<PolicyShared> policy_;
    ScramDecoyKey decoy_key_{};
    std::unique_ptr<HelperThreads> helpers_;
};

}  // namespace gatepost::dataplane
