#include "dataplane/mail_service/mail_shared.h"

#include <fcntl.h>
#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "dataplane/log/log.h"
#include "storage/message_log/segment_source.h"

namespace gatepost::dataplane {

namespace {

// One login burns a core for some 20 ms; two threads leave the workers theirs.
constexpr unsigned kHelperThreads = 2;
constexpr size_t kHelperQueueMax = 512;  // jobs: some 5 s of logins

void tell(const storage::SpoolScan& scan, uint64_t freed) {
    for (const std::string& finding : scan.findings)
        log(LogLevel::error, "store.damage", {{"finding", finding}});
    log(LogLevel::info, "store.opened",
        {{"segments_read", scan.counters.segments},
         {"octets_read", scan.counters.octets},
         {"to_deliver", scan.messages.size()},
         {"torn_octets", scan.counters.torn},
         {"damaged_octets", scan.counters.damaged},
         {"freed_octets", freed}});
}

}  // namespace

Result<std::unique_ptr<MailShared>> MailShared::open(const std::string& folder, unsigned workers,
                                                     const std::string& resolver) {
    UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused,
                    "opening the folder of the message log, {}: {}", folder, std::strerror(errno));
    storage::DirectorySource source(opened.get());
    auto scan = storage::scan_spool(source);
    if (!scan) return wrap("reading the message log in " + folder, scan.error());
    // From the first message on there is a floor: what lies below it needs no looking at.
    if (scan->floor == 0 && scan->counters.segments == 0) {
        if (Status written = storage::write_spool_checkpoint(
                opened.get(), {.floor = scan->next_number, .next_number = scan->next_number});
            !written)
            return wrap("beginning a message log in " + folder, written.error());
    }
    auto freed = storage::spool_clean_up(opened.get(), *scan);
    if (!freed) return wrap("clearing up the message log in " + folder, freed.error());
    tell(*scan, *freed);
    std::unique_ptr<MailShared> shared(
        new MailShared(std::move(opened), scan->next_number, workers));
    shared->left_over_.resize(workers);
    for (size_t i = 0; i < scan->messages.size(); ++i)
        shared->left_over_[i % workers].push_back(scan->messages[i]);
    for (unsigned i = 0; i < workers; ++i) shared->charsets_.push_back(Charsets::open_all());
    auto penalty = AuthPenalty::create();
    if (!penalty) return tl::unexpected(penalty.error());
    shared->penalty_ = std::move(*penalty);
    auto policy =
        PolicyShared::open({.folder = shared->folder_.get(), .resolver = {.servers = resolver}});
    if (!policy) return tl::unexpected(policy.error());
    shared->policy_ = std::move(*policy);
    if (::getrandom(shared->decoy_key_.data(), shared->decoy_key_.size(), 0) !=
        static_cast<ssize_t>(shared->decoy_key_.size()))
        return fail(ErrorCode::refused, "getrandom: {}", std::strerror(errno));
    return shared;
}

void MailShared::start_helpers() {
    helpers_ = HelperThreads::start(
        {.count = kHelperThreads, .queue_max = kHelperQueueMax, .name = "logins"});
    policy_->start();
}

std::span<const storage::SpooledMessage> MailShared::left_over(unsigned worker) const {
    return left_over_[worker];
}

}  // namespace gatepost::dataplane
