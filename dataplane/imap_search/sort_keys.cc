#include "dataplane/imap_search/sort_keys.h"

#include <algorithm>
#include <numeric>

#include "dataplane/imap_search/base_subject.h"
#include "dataplane/imap_search/casemap.h"
#include "dataplane/imap_search/search.h"
#include "dataplane/imap_search/search_program.h"
#include "dataplane/mail/encoded_word.h"

namespace gatepost::dataplane {
namespace {

// RFC 5256 §3: addr-mailbox of the first address; "" where there is none.
std::string mailbox_of(AddressCursor addresses) {
    AddressPiece first;
    return addresses.next(first) ? sort_key(first.mailbox) : std::string();
}

}  // namespace

std::string sort_key(std::string_view text) {
    std::string key = collation_key(text);
    if (key.size() > kKeyOctetsMax) {
        key.resize(kKeyOctetsMax);
        key.shrink_to_fit();
    }
    return key;
}

int64_t sent_date_s(const storage::MailboxEntry& entry, SummaryView& summary) {
    const auto date = summary.date();
    return date ? date->utc_s : entry.internal_date_s;
}

bool SortKeys::needs_summaries() const {
    return std::ranges::any_of(criteria_, [](const SortCriterion& criterion) {
        return criterion.kind != SortCriterion::Kind::arrival &&
               criterion.kind != SortCriterion::Kind::size;
    });
}

void SortKeys::add(const storage::MailboxEntry& entry, SummaryView* summary) {
    uids_.push_back(entry.uid);
    for (const SortCriterion& criterion : criteria_)
        keys_.push_back(key_of(criterion.kind, entry, summary));
}

SortKeys::Key SortKeys::key_of(SortCriterion::Kind kind, const storage::MailboxEntry& entry,
                               SummaryView* summary) const {
    using Kind = SortCriterion::Kind;
    switch (kind) {
        case Kind::arrival:
            return {.number = entry.internal_date_s};
        case Kind::size:
            return {.number = entry.size};
        case Kind::date:
            return {.number = sent_date_s(entry, *summary)};
        case Kind::cc:
            return {.text = mailbox_of(summary->addresses(EnvelopeMember::cc))};
        case Kind::from:
            return {.text = mailbox_of(summary->addresses(EnvelopeMember::from))};
        case Kind::to:
            return {.text = mailbox_of(summary->addresses(EnvelopeMember::to))};
        case Kind::display_from:
            return {.text = display_of(summary->addresses(EnvelopeMember::from))};
        case Kind::display_to:
            return {.text = display_of(summary->addresses(EnvelopeMember::to))};
        case Kind::subject: {
            const auto subject = summary->text(EnvelopeMember::subject);
            return {.text = sort_key(base_subject(subject.value_or(""), charsets_).text)};
        }
    }
    return {};
}

// RFC 5957 §3: the name as people read it, else the address.
std::string SortKeys::display_of(AddressCursor addresses) const {
    AddressPiece first;
    if (!addresses.next(first)) return {};
    const std::string name = decode_encoded_words(first.name, charsets_);
    if (!name.empty()) return sort_key(name);
    // A group's name, which is in the place of a mailbox, may have encoded words in it as well.
    std::string address = decode_encoded_words(first.mailbox, charsets_);
    if (!first.host.empty()) address.append("@").append(first.host);
    return sort_key(address);
}

std::vector<uint32_t> SortKeys::sorted_uids() const {
    std::vector<uint32_t> order(uids_.size());
    std::iota(order.begin(), order.end(), 0);
    auto is_before = [&](uint32_t a, uint32_t b) {
        const Key* key_a = &keys_[a * criteria_.size()];
        const Key* key_b = &keys_[b * criteria_.size()];
        for (size_t i = 0; i < criteria_.size(); ++i) {
            const auto rank = std::tie(key_a[i].number, key_a[i].text) <=>
                              std::tie(key_b[i].number, key_b[i].text);
            if (rank != 0) return criteria_[i].reverse ? rank > 0 : rank < 0;
        }
        return uids_[a] < uids_[b];
    };
    std::ranges::sort(order, is_before);
    for (uint32_t& index : order) index = uids_[index];
    return order;
}

Task<SearchResult> sort_messages(const SearchScope& scope, const SearchKey& key,
                                 const std::vector<SortCriterion>& criteria) {
    SortKeys keys(criteria, scope.charsets);
    SearchResult result = co_await search_messages(scope, key);
    if (result.status != SearchStatus::ok) co_return result;
    if (keys.needs_summaries()) {
        result.status = co_await visit_summaries(scope, result.uids, keys);
    } else {
        const auto mailbox = co_await open_mailbox(scope);
        if (!mailbox) {
            result.status = SearchStatus::unreadable;
            co_return result;
        }
        for (uint32_t uid : result.uids) {
            const storage::MailboxEntry* entry = mailbox->find(uid);
            if (entry != nullptr) keys.add(*entry, nullptr);
        }
    }
    result.uids = keys.sorted_uids();
    co_return result;
}

}  // namespace gatepost::dataplane
