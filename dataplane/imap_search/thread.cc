#include <algorithm>
#include <unordered_map>

#include "dataplane/imap_search/base_subject.h"
#include "dataplane/imap_search/body_windows.h"
#include "dataplane/imap_search/mailbox_scan.h"
#include "dataplane/imap_search/message_ids.h"
#include "dataplane/imap_search/references_cache.h"
#include "dataplane/imap_search/search.h"
#include "dataplane/imap_search/sort_keys.h"
#include "dataplane/imap_search/thread_tree.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

constexpr uint32_t kReferencesHash = field_name_hash("references");
// IDs of one message, the last ones: a conversation of so many steps is read by nobody.
constexpr size_t kReferencesMax = 1000;
// IDs of all messages of one THREAD, some 50 MiB; of those that come when so many are there the
// last ID alone counts, the message that they answer.
constexpr size_t kAllReferencesMax = 500'000;

ReferencesCache& references_cache() {
    thread_local ReferencesCache cache;
    return cache;
}

// A References field that is to be read.
struct WantedReferences {
    ReferencesKey key;
    size_t message = 0;  // index of ThreadSource::messages
    WantedOctets octets;
};

// Collects what threads are made of.
class ThreadSource final : public SummaryVisitor {
  public:
    ThreadSource(const Charsets& charsets, ThreadAlgorithm algorithm)
        : charsets_(charsets), by_references_(algorithm == ThreadAlgorithm::references) {}

    void on_summary(const storage::MailboxEntry& entry, SummaryView& summary) override {
        ThreadMessage message{.uid = entry.uid, .sent_s = sent_date_s(entry, summary)};
        const auto subject = summary.text(EnvelopeMember::subject);
        const BaseSubject base = base_subject(subject.value_or(""), charsets_);
        message.subject = sort_key(base.text);
        message.is_reply = base.is_reply;
        messages.push_back(std::move(message));
        if (by_references_) add_ids(entry, summary);
    }

    // Where the field has a valid ID, In-Reply-To does not count (RFC 5256 §3).
    void set_references(size_t message, std::vector<std::string> ids) {
        if (ids.empty()) return;
        const size_t room = kAllReferencesMax - std::min(kAllReferencesMax, all_references_);
        const size_t kept = std::clamp<size_t>(room, 1, kReferencesMax);
        if (ids.size() > kept) ids.erase(ids.begin(), ids.end() - static_cast<ptrdiff_t>(kept));
        all_references_ += ids.size();
        messages[message].references = std::move(ids);
    }

    std::vector<ThreadMessage> messages;
    std::vector<WantedReferences> wanted;

  private:
    void add_ids(const storage::MailboxEntry& entry, SummaryView& summary) {
        ThreadMessage& message = messages.back();
        const auto id = summary.text(EnvelopeMember::message_id);
        auto ids = message_ids(id.value_or(""));
        if (!ids.empty()) message.id = std::move(ids.front());
        const auto reply = summary.text(EnvelopeMember::in_reply_to);
        message.references = message_ids(reply.value_or(""));
        if (message.references.size() > 1) message.references.resize(1);
        FieldCursor fields = summary.fields();
        FieldPlace place;
        while (fields.next(place)) {
            if (place.name_hash != kReferencesHash) continue;
            const size_t index = messages.size() - 1;
            const ReferencesKey key{entry.blob, entry.size, place};
            if (const auto* known = references_cache().find(key))
                return set_references(index, *known);
            const WantedOctets octets{entry.uid, entry.segment, entry.offset + place.offset,
                                      place.size};
            wanted.push_back({key, index, octets});
            return;
        }
    }

    const Charsets& charsets_;
    bool by_references_;
    size_t all_references_ = 0;  // IDs
};

std::vector<std::string> ids_of_field(Bytes raw) {
    const auto field = split_field({reinterpret_cast<const char*>(raw.data()), raw.size()});
    if (!field || !equal_ignoring_case(field->name, "references")) return {};
    return message_ids(field->value);
}

// One that could not be read with the others: it may have moved since.
Task<SearchStatus> read_apart(const SearchScope& scope, const WantedReferences& wanted,
                              ThreadSource& source) {
    const auto mailbox = co_await open_mailbox(scope);
    if (!mailbox) co_return SearchStatus::unreadable;
    const storage::MailboxEntry* current = mailbox->find(wanted.octets.uid);
    if (current == nullptr) co_return SearchStatus::ok;
    const storage::BodyLocation body = current->location();
    std::vector<uint8_t> raw(wanted.octets.size);
    const int64_t got =
        co_await read_octets(scope.store, body, wanted.key.place.offset, raw.size(), raw.data());
    if (got != static_cast<int64_t>(raw.size())) co_return lost_message(scope, wanted.octets.uid);
    source.set_references(wanted.message, ids_of_field(raw));
    co_return SearchStatus::ok;
}

Task<SearchStatus> read_references(const SearchScope& scope, ThreadSource& source) {
    std::vector<WantedOctets> octets;
    std::unordered_map<uint32_t, const WantedReferences*> by_uid;
    for (const WantedReferences& wanted : source.wanted) {
        octets.push_back(wanted.octets);
        by_uid.emplace(wanted.octets.uid, &wanted);
    }
    BodyWindows windows(scope.store, std::move(octets));
    WorkMeter meter;
    uint32_t done = 0;
    for (;;) {
        const bool is_read = co_await windows.next();
        if (!is_read) break;
        for (size_t i = 0; i < windows.size(); ++i, ++done) {
            const WantedReferences& wanted = *by_uid.at(windows.wanted(i).uid);
            const Bytes raw = windows.octets(i);
            meter.spend(WorkMeter::kSummary + raw.size() * WorkMeter::kOctet);
            if (raw.size() == wanted.octets.size) {
                auto ids = ids_of_field(raw);
                references_cache().put(wanted.key, ids);
                source.set_references(wanted.message, std::move(ids));
                continue;
            }
            const SearchStatus status = co_await read_apart(scope, wanted, source);
            if (status != SearchStatus::ok) co_return status;
        }
        if (!meter.spend(0)) continue;
        const SearchStatus status = co_await report_progress(scope, done);
        if (status != SearchStatus::ok) co_return status;
        meter.begin_turn();
    }
    co_return SearchStatus::ok;
}

}  // namespace

Task<ThreadResult> thread_messages(const SearchScope& scope, const SearchKey& key,
                                   ThreadAlgorithm algorithm) {
    ThreadResult result;
    const SearchResult found = co_await search_messages(scope, key);
    result.status = found.status;
    if (result.status != SearchStatus::ok) co_return result;
    ThreadSource source(scope.charsets, algorithm);
    result.status = co_await visit_summaries(scope, found.uids, source);
    if (result.status == SearchStatus::ok) result.status = co_await read_references(scope, source);
    if (result.status != SearchStatus::ok) co_return result;
    std::ranges::sort(source.messages, {}, &ThreadMessage::uid);
    co_return algorithm == ThreadAlgorithm::references ? thread_by_references(source.messages)
                                                       : thread_by_subject(source.messages);
}

}  // namespace gatepost::dataplane
