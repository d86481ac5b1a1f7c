#include "tests/unit/imap_search/search_rig.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"
#include "storage/base/check.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

constexpr size_t kArenaOctets = size_t{64} << 20;

Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Hold {
    std::coroutine_handle<>& place;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiting) { place = waiting; }
    void await_resume() const {}
};

void append_node(const ThreadResult& result, uint32_t index, std::string& out) {
    const ThreadNode& node = result.nodes[index];
    if (node.uid != 0) out += std::to_string(node.uid);
    for (size_t i = 0; i < node.children.size(); ++i) {
        const bool in_line = node.children.size() == 1;
        if (in_line || (i == 0 && node.uid != 0)) out += ' ';
        if (!in_line) out += '(';
        append_node(result, node.children[i], out);
        if (!in_line) out += ')';
    }
}

}  // namespace

std::string thread_text(const ThreadResult& result) {
    std::string text;
    for (uint32_t root : result.roots) {
        text += '(';
        append_node(result, root, text);
        text += ')';
    }
    return text;
}

SearchRig::SearchRig() {
    page_ = storage::RuntimeMapping::create().value();
    auto segment = storage::Segment::create("search-test", kArenaOctets, storage::PageKind::plain);
    GATEPOST_CHECK(segment.has_value());
    auto writer = storage::MailboxIndexWriter::create(std::move(*segment), page_->qsbr, 1);
    GATEPOST_CHECK(writer.has_value());
    writer_ = std::move(*writer);
    status_ = {.mailbox_id = kSearchedMailbox, .account_id = kSearchedAccount, .uid_validity = 1};
    status_.highest_modseq = 1;
    open();
}

void SearchRig::open() {
    storage::MailboxUpdate whole;
    whole.status = status_;
    for (const storage::MailboxEntry& entry : entries_) {
        if (!expunged_.contains(entry.uid)) whole.messages.push_back(index_message(entry.uid));
    }
    GATEPOST_CHECK(writer_->load(whole).has_value());
}

storage::MailboxMessage SearchRig::index_message(uint32_t uid) {
    storage::MailboxMessage message;
    message.entry = entries_[uid - 1];
    for (const std::string& keyword : messages[uid - 1].keywords)
        message.keywords.push_back(keyword);
    const auto& summary = summaries_[uid - 1];
    message.entry.summary_size = static_cast<uint32_t>(summary.size());
    if (messages[uid - 1].summary != SummaryPlace::database) message.summary = summary;
    return message;
}

void SearchRig::apply(std::vector<storage::MailboxMessage> changed,
                      std::vector<uint32_t> expunged) {
    status_.uid_next = entries_.size() + 1;
    storage::MailboxUpdate update;
    update.status = status_;
    update.messages = std::move(changed);
    update.expunged = std::move(expunged);
    GATEPOST_CHECK(writer_->apply(update).has_value());
    writer_->reclaim();
}

uint32_t SearchRig::add(TestMessage message) {
    const auto uid = static_cast<uint32_t>(messages.size() + 1);
    std::string& segment = segments_[message.segment];
    segment += "record";
    storage::MailboxEntry entry;
    entry.uid = uid;
    entry.modseq = ++status_.highest_modseq;
    entry.flags = message.flags;
    entry.internal_date_s = message.internal_date_s;
    entry.save_date_s = message.save_date_s;
    entry.size = static_cast<uint32_t>(message.octets.size());
    entry.segment = message.segment;
    entry.offset = segment.size();
    static storage::BlobIdSource ids;
    entry.blob = ids.next(1'000'000);
    segment += message.octets;
    std::vector<uint8_t> summary;
    if (message.summary != SummaryPlace::nowhere) {
        MimeParser parser(charsets);
        parser.feed(bytes_of(message.octets));
        encode_summary(parser.finish(), summary);
        if (message.summary == SummaryPlace::damaged) summary.resize(summary.size() / 2);
    }
    entries_.push_back(entry);
    summaries_.push_back(std::move(summary));
    messages.push_back(std::move(message));
    numbers.add(uid);
    ++status_.messages;
    apply({index_message(uid)}, {});
    return uid;
}

void SearchRig::expunge(uint32_t uid) {
    ++status_.highest_modseq;
    --status_.messages;
    expunged_.insert(uid);
    apply({}, {uid});
}

void SearchRig::move(uint32_t uid, uint32_t segment) {
    storage::MailboxEntry& entry = entries_[uid - 1];
    entry.segment = segment;
    entry.offset = segments_[segment].size();
    segments_[segment] += messages[uid - 1].octets;
    entry.modseq = ++status_.highest_modseq;
    apply({index_message(uid)}, {});
}

SearchScope SearchRig::scope() {
    return {*this, *this, charsets, counters, kSearchedMailbox, numbers, saved, now_s, *this};
}

SearchResult SearchRig::search(const SearchKey& key) {
    const SearchScope scope_of_search = scope();
    return run(search_messages(scope_of_search, key));
}

SearchResult SearchRig::sort(const std::vector<SortCriterion>& criteria) {
    const SearchScope scope_of_search = scope();
    const SearchKey all;
    return run(sort_messages(scope_of_search, all, criteria));
}

std::string SearchRig::thread(ThreadAlgorithm algorithm) {
    const SearchScope scope_of_search = scope();
    const SearchKey all;
    const ThreadResult result = run(thread_messages(scope_of_search, all, algorithm));
    GATEPOST_CHECK(result.status == SearchStatus::ok);
    return thread_text(result);
}

Task<storage::MailboxReply> SearchRig::ask(storage::MailboxRequest request) {
    storage::MailboxReply reply;
    if (std::holds_alternative<storage::OpenMailbox>(request) && is_database_there) {
        open();
        co_return reply;
    }
    const auto* load = std::get_if<storage::LoadSummaries>(&request);
    if (load == nullptr || !is_database_there) {
        reply.outcome = storage::MailboxOutcome::unavailable;
        co_return reply;
    }
    std::vector<std::pair<uint32_t, Bytes>> loaded;
    for (uint32_t uid = load->first_uid; uid <= load->last_uid; ++uid) {
        if (messages[uid - 1].summary == SummaryPlace::database)
            loaded.emplace_back(uid, summaries_[uid - 1]);
    }
    GATEPOST_CHECK(writer_->add_summaries(kSearchedMailbox, loaded).has_value());
    writer_->reclaim();
    co_return reply;
}

Task<Result<storage::Envelope>> SearchRig::read_envelope(const SpoolEntry&) {
    Result<storage::Envelope> none = fail(ErrorCode::invalid, "a test's store has no envelopes");
    co_return none;
}

Task<int64_t> SearchRig::read_body(const storage::BodyLocation& body, uint64_t offset,
                                   std::span<uint8_t> room) {
    ++reads;
    on_read();
    if (holds_reads) co_await Hold{held};
    const auto segment = segments_.find(body.segment);
    if (segment == segments_.end() || broken_segments.contains(body.segment)) co_return -EIO;
    if (offset >= body.size) co_return 0;
    const size_t size = std::min({room.size(), body.size - offset, octets_max});
    GATEPOST_CHECK(body.offset + offset + size <= segment->second.size());
    std::memcpy(room.data(), segment->second.data() + body.offset + offset, size);
    co_return static_cast<int64_t>(size);
}

Task<bool> SearchRig::on_progress(uint32_t done, uint32_t all) {
    ++progress_calls;
    GATEPOST_CHECK(done <= all);
    co_return goes_on;
}

}  // namespace gatepost::tests
