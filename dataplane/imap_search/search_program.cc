#include "dataplane/imap_search/search_program.h"

#include "storage/base/check.h"

namespace gatepost::dataplane {
namespace {

constexpr int64_t kSecondsOfDay = 86400;

Verdict verdict(bool found) {
    return found ? Verdict::yes : Verdict::no;
}

Verdict lacking(SearchedMessage& message, SearchCost cost) {
    message.lacks = std::max(message.lacks, cost);
    return Verdict::unknown;
}

int64_t day_of(int64_t seconds) {
    return (seconds >= 0 ? seconds : seconds - kSecondsOfDay + 1) / kSecondsOfDay;
}

std::string_view name_of(EnvelopeMember member) {
    switch (member) {
        case EnvelopeMember::subject:
            return "subject";
        case EnvelopeMember::from:
            return "from";
        case EnvelopeMember::to:
            return "to";
        case EnvelopeMember::cc:
            return "cc";
        case EnvelopeMember::bcc:
            return "bcc";
        case EnvelopeMember::message_id:
            return "message-id";
        case EnvelopeMember::in_reply_to:
            return "in-reply-to";
        default:
            return {};
    }
}

bool is_text_member(EnvelopeMember member) {
    return member == EnvelopeMember::subject || member == EnvelopeMember::message_id ||
           member == EnvelopeMember::in_reply_to;
}

}  // namespace

void SearchProgram::bind(const storage::MailboxView& mailbox) {
    for (const Keyword& keyword : keywords_) {
        const auto bit = mailbox.find_keyword(keyword.name);
        // A keyword that the mailbox does not know is set nowhere.
        nodes_[keyword.node].set = bit ? uint64_t{1} << *bit : 0;
    }
}

Verdict SearchProgram::evaluate(const Node& node, SearchedMessage& message) const {
    const storage::MailboxEntry& entry = message.entry;
    auto in_range = [&](int64_t number) {
        return verdict(number >= node.low && number <= node.high);
    };
    switch (node.op) {
        case Op::constant:
            return verdict(node.low != 0);
        case Op::all_of:
        case Op::any_of:
            return evaluate_list(node, message);
        case Op::none_of: {
            const Verdict inner = evaluate(nodes_[node.children.front()], message);
            return inner == Verdict::unknown ? inner : verdict(inner == Verdict::no);
        }
        case Op::flags:
            return verdict((entry.flags & (node.set | node.clear)) == node.set &&
                           (node.set & node.clear) == 0);
        case Op::keywords:
            return verdict((entry.keywords & node.set) != 0);
        case Op::uids:
            return verdict(contains(sets_[node.index], entry.uid));
        case Op::size:
            return in_range(entry.size);
        case Op::modseq:
            return in_range(static_cast<int64_t>(entry.modseq));
        case Op::internal_date:
            return in_range(entry.internal_date_s);
        case Op::save_date:
            return in_range(entry.save_date_s);
        case Op::blob:
            return verdict(entry.blob.text() == blobs_[node.index]);
        case Op::sent_day:
        case Op::envelope:
            return evaluate_summary(node, message);
        case Op::field:
            return evaluate_field(node, message);
        case Op::body:
        case Op::text:
            return evaluate_text(node, message);
    }
    return Verdict::no;
}

Verdict SearchProgram::evaluate_list(const Node& node, SearchedMessage& message) const {
    const Verdict decisive = node.op == Op::all_of ? Verdict::no : Verdict::yes;
    Verdict result = decisive == Verdict::no ? Verdict::yes : Verdict::no;
    for (uint32_t child : node.children) {
        const Verdict one = evaluate(nodes_[child], message);
        if (one == decisive) return decisive;
        if (one == Verdict::unknown) result = Verdict::unknown;
    }
    return result;
}

Verdict SearchProgram::evaluate_summary(const Node& node, SearchedMessage& message) const {
    if (message.summary == nullptr) return lacking(message, SearchCost::summary);
    SummaryView& summary = *message.summary;
    if (node.op == Op::sent_day) {
        const auto date = summary.date();
        if (!date) return Verdict::no;
        const int64_t day = day_of(date->utc_s + int64_t{date->zone_minutes} * 60);
        return verdict(day >= node.low && day <= node.high);
    }
    const TextNeedle& needle = needles_[node.index];
    bool found = false;
    if (is_text_member(node.member)) {
        const auto value = summary.text(node.member);
        found = value && is_in_value(needle, *value, charsets_, scratch_);
    } else {
        found = is_in_addresses(needle, summary.addresses(node.member), charsets_, scratch_);
    }
    if (found || !summary.truncated_header()) return verdict(found);
    // More addresses, or fields, than a summary takes.
    if (message.text == nullptr) return lacking(message, SearchCost::header);
    return verdict(
        is_in_fields(needle, name_of(node.member), message.text->header(), charsets_, scratch_));
}

Verdict SearchProgram::evaluate_field(const Node& node, SearchedMessage& message) const {
    const Field& field = fields_[node.index];
    if (message.summary == nullptr) return lacking(message, SearchCost::summary);
    if (message.summary->truncated_header()) {
        if (message.text == nullptr) return lacking(message, SearchCost::header);
        return verdict(
            is_in_fields(field.needle, field.name, message.text->header(), charsets_, scratch_));
    }
    // Where no field has that name, the header need not be read.
    FieldCursor fields = message.summary->fields();
    FieldPlace place;
    while (fields.next(place)) {
        if (place.name_hash != field.name_hash) continue;
        if (message.text == nullptr) return lacking(message, SearchCost::header);
        const std::string_view raw = message.text->slice(place.offset, place.size);
        if (is_in_fields(field.needle, field.name, raw, charsets_, scratch_)) return Verdict::yes;
    }
    message.summary->note(fields.scanner());
    return Verdict::no;
}

Verdict SearchProgram::evaluate_text(const Node& node, SearchedMessage& message) const {
    const bool with_header = node.op == Op::text;
    if (message.found != nullptr)
        return verdict(message.found->in_body[node.index] ||
                       (with_header && message.found->in_header[node.index]));
    if (!message.is_whole) return lacking(message, SearchCost::body);
    const TextNeedle& needle = texts_[node.index];
    return verdict((with_header && message.text->is_in_header(needle)) ||
                   message.text->is_in_body(needle));
}

}  // namespace gatepost::dataplane
