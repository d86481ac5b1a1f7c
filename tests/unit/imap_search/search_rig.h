// A mailbox of a test, with all that a search asks for: the index, a worker's port and bodies.
#pragma once

#include <coroutine>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_search/search.h"
#include "storage/arena/runtime_page.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::tests {

inline constexpr uint64_t kSearchedMailbox = 5;
inline constexpr uint64_t kSearchedAccount = 3;

// Where a message's summary is.
enum class SummaryPlace : uint8_t {
    loaded,
    database,  // it comes when it is asked for
    nowhere,
    damaged,
};

struct TestMessage {
    std::string octets;
    uint8_t flags = 0;
    std::vector<std::string> keywords = {};
    int64_t internal_date_s = 0;
    int64_t save_date_s = 0;
    SummaryPlace summary = SummaryPlace::loaded;
    uint32_t segment = 1;
};

class SearchRig final : public dataplane::MailboxPort,
                        public dataplane::MessageStore,
                        public dataplane::SearchScope::Progress {
  public:
    SearchRig();

    // Puts it behind the others, into the index as well; gives its UID.
    uint32_t add(TestMessage message);
    // Takes it out of the index: the session has not heard of it yet.
    void expunge(uint32_t uid);
    // Takes the mailbox out of the index, as the control plane does for room; it comes back when it
    // is asked for.
    void evict() { writer_->evict(kSearchedMailbox); }
    // Puts its body elsewhere, as the compaction of segments does.
    void move(uint32_t uid, uint32_t segment);

    dataplane::SearchScope scope();
    dataplane::SearchResult search(const dataplane::SearchKey& key);
    dataplane::SearchResult sort(const std::vector<dataplane::SortCriterion>& criteria);
    // As THREAD answers it: "(1 2 (3)(4 5))(6)".
    std::string thread(dataplane::ThreadAlgorithm algorithm);

    std::optional<storage::MailboxIndexView> index() override { return writer_->view(); }
    dataplane::Task<storage::MailboxReply> ask(storage::MailboxRequest request) override;
    void add_watcher(dataplane::MailboxWatcher&, uint64_t) override {}
    void watch_mailbox(dataplane::MailboxWatcher&, uint64_t) override {}
    void unwatch_mailbox(dataplane::MailboxWatcher&, uint64_t) override {}
    void remove_watcher(dataplane::MailboxWatcher&) override {}

    std::unique_ptr<dataplane::IncomingMessage> begin() override { return nullptr; }
    void done(const dataplane::SpoolEntry&) override {}
    dataplane::Task<Result<storage::Envelope>> read_envelope(const dataplane::SpoolEntry&) override;
    dataplane::Task<int64_t> read_body(const storage::BodyLocation& body, uint64_t offset,
                                       std::span<uint8_t> room) override;

    dataplane::Task<bool> on_progress(uint32_t done, uint32_t all) override;

    std::vector<TestMessage> messages;  // by UID, less one
    dataplane::MessageNumbers numbers;
    storage::UidSet saved;
    dataplane::ImapCounters counters;
    dataplane::Charsets charsets = dataplane::Charsets::open_all();
    int64_t now_s = 1'000'000'000;
    size_t reads = 0;
    size_t octets_max = SIZE_MAX;  // that one read gives
    bool is_database_there = true;
    std::set<uint32_t> broken_segments;
    std::function<void()> on_read = [] {};  // called in each read, before it
    bool holds_reads = false;               // each waits until `held` is resumed
    std::coroutine_handle<> held;
    size_t progress_calls = 0;
    bool goes_on = true;

  private:
    storage::MailboxMessage index_message(uint32_t uid);
    void open();
    void apply(std::vector<storage::MailboxMessage> changed, std::vector<uint32_t> expunged);

    storage::RuntimeMapping page_;
    std::unique_ptr<storage::MailboxIndexWriter> writer_;
    storage::MailboxStatus status_;
    std::map<uint32_t, std::string> segments_;
    std::vector<storage::MailboxEntry> entries_;  // by UID, less one
    std::set<uint32_t> expunged_;
    std::vector<std::vector<uint8_t>> summaries_;
};

// Runs what never waits for anything but fakes.
template <typename T>
T run(dataplane::Task<T> task) {
    std::optional<T> result;
    auto body = [](dataplane::Task<T>& inner, std::optional<T>& out) -> dataplane::Task<> {
        T value = co_await inner;
        out = std::move(value);
    };
    dataplane::Task<> outer = body(task, result);
    outer.start();
    GATEPOST_CHECK(outer.is_done() && result.has_value());
    return std::move(*result);
}

std::string thread_text(const dataplane::ThreadResult& result);

}  // namespace gatepost::tests
