#include "tests/unit/imap_syntax/command_shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dataplane/imap_syntax/command_head.h"
#include "dataplane/imap_syntax/command_parser.h"
#include "dataplane/imap_syntax/imap_text.h"

namespace gatepost::dataplane {
namespace {

std::string number_or_star(uint32_t number) {
    return number == kStar ? "*" : std::to_string(number);
}

std::string shape_of(const SearchReturn& returned) {
    if (!returned.given) return "";
    std::string out = " return";
    if (returned.min) out += " min";
    if (returned.max) out += " max";
    if (returned.all) out += " all";
    if (returned.count) out += " count";
    if (returned.save) out += " save";
    if (returned.partial)
        out += fmt::format(" partial {}:{}", returned.partial_first, returned.partial_last);
    return out;
}

std::string shape_of(const StatusItems& items) {
    std::string out;
    auto add = [&](bool there, std::string_view name) {
        if (there) out += fmt::format("{}{}", out.empty() ? "" : " ", name);
    };
    add(items.messages, "messages");
    add(items.uid_next, "uidnext");
    add(items.uid_validity, "uidvalidity");
    add(items.unseen, "unseen");
    add(items.deleted, "deleted");
    add(items.size, "size");
    add(items.recent, "recent");
    add(items.highest_modseq, "highestmodseq");
    add(items.append_limit, "appendlimit");
    add(items.mailbox_id, "mailboxid");
    return "(" + out + ")";
}

std::string shape_of(const std::vector<FetchItem>& items) {
    std::vector<std::string> shapes;
    for (const FetchItem& item : items) shapes.push_back(shape_of(item));
    return fmt::format("({})", fmt::join(shapes, " "));
}

std::string shape_of(std::monostate) {
    return "";
}

std::string shape_of(const SelectArguments& arguments) {
    std::string out =
        fmt::format(" <{}>{}", arguments.mailbox, arguments.condstore ? " condstore" : "");
    if (!arguments.qresync) return out;
    const auto& qresync = *arguments.qresync;
    out += fmt::format(" qresync {} {}", qresync.uid_validity, qresync.modseq);
    if (qresync.known_uids) out += " uids " + shape_of(*qresync.known_uids);
    if (qresync.known_numbers)
        out += fmt::format(" numbers {} {}", shape_of(qresync.known_numbers->first),
                           shape_of(qresync.known_numbers->second));
    return out;
}

std::string shape_of(const ListArguments& list) {
    std::string out = fmt::format(" <{}> <{}>", list.reference, fmt::join(list.patterns, "> <"));
    auto add = [&](bool there, std::string_view name) {
        if (there) out += fmt::format(" {}", name);
    };
    add(list.extended, "extended");
    add(list.subscribed_only, "subscribed-only");
    add(list.remote, "remote");
    add(list.recursive_match, "recursive");
    add(list.special_use_only, "special-use-only");
    add(list.return_subscribed, "+subscribed");
    add(list.return_children, "+children");
    add(list.return_special_use, "+special-use");
    add(list.return_my_rights, "+myrights");
    if (list.return_status) out += " +status" + shape_of(*list.return_status);
    if (list.return_metadata_given)
        out += fmt::format(" +metadata({})", fmt::join(list.return_metadata, " "));
    return out;
}

std::string shape_of(const FetchArguments& fetch) {
    std::string out = " " + shape_of(fetch.set) + " " + shape_of(fetch.items);
    if (fetch.changed_since) out += fmt::format(" since {}", *fetch.changed_since);
    if (fetch.vanished) out += " vanished";
    if (fetch.partial)
        out += fmt::format(" partial {}:{}", fetch.partial->first, fetch.partial->second);
    return out;
}

std::string shape_of(const StoreArguments& store) {
    constexpr std::string_view kActions[] = {"+", "-", "="};
    std::string out =
        fmt::format(" {} {}{}{}", shape_of(store.set), kActions[static_cast<int>(store.action)],
                    shape_of(store.flags), store.silent ? " silent" : "");
    if (store.unchanged_since) out += fmt::format(" since {}", *store.unchanged_since);
    return out;
}

std::string shape_of(const SearchArguments& search) {
    return shape_of(search.returned) + " " + shape_of(search.key) +
           (search.has_modseq ? " modseq" : "");
}

std::string shape_of(const MultiSearchArguments& search) {
    std::string out;
    for (const auto& source : search.sources) {
        out += fmt::format(" [{}", static_cast<int>(source.kind));
        for (const std::string& mailbox : source.mailboxes) out += " <" + mailbox + ">";
        out += "]";
    }
    return out + shape_of(search.search);
}

std::string shape_of(const SortArguments& sort) {
    std::string out = shape_of(sort.returned) + " by";
    for (const SortCriterion& criterion : sort.criteria)
        out += fmt::format(" {}{}", criterion.reverse ? "-" : "", static_cast<int>(criterion.kind));
    return out + " " + shape_of(sort.key) + (sort.has_modseq ? " modseq" : "");
}

std::string shape_of(const ThreadArguments& thread) {
    const bool references = thread.algorithm == ThreadAlgorithm::references;
    return (references ? " references " : " orderedsubject ") + shape_of(thread.key);
}

std::string shape_of(const NotifyArguments& notify) {
    std::string out = notify.none ? " none" : "";
    if (notify.status) out += " status";
    for (const auto& group : notify.groups) {
        out += fmt::format(" [{}", static_cast<int>(group.filter.kind));
        for (const std::string& mailbox : group.filter.mailboxes) out += " <" + mailbox + ">";
        if (group.none) out += " none";
        if (group.message_new) out += " new";
        if (!group.new_items.empty()) out += shape_of(group.new_items);
        if (group.message_expunge) out += " expunge";
        if (group.flag_change) out += " flag";
        if (group.annotation_change) out += " annotation";
        if (group.mailbox_name) out += " name";
        if (group.subscription_change) out += " subscription";
        out += "]";
    }
    return out;
}

std::string shape_of(const MetadataArguments& metadata) {
    std::string out = fmt::format(" <{}>", metadata.mailbox);
    for (const auto& [name, value] : metadata.entries)
        out += fmt::format(" {}={}", name, value ? "\"" + *value + "\"" : "NIL");
    if (metadata.size_max) out += fmt::format(" max {}", *metadata.size_max);
    if (metadata.depth == UINT32_MAX) return out + " depth infinity";
    return metadata.depth == 0 ? out : out + fmt::format(" depth {}", metadata.depth);
}

std::string shape_of_keys(const SearchKey& key, std::string_view open) {
    std::string out(open);
    for (const SearchKey& child : key.children)
        out += (out.size() == open.size() ? "" : " ") + shape_of(child);
    return out + ")";
}

}  // namespace

std::string shape_of(const SequenceSet& set) {
    std::string out = set.saved_result ? "$" : "";
    for (const SequenceRange& range : set.ranges) {
        out += (out.empty() ? "" : ",") + number_or_star(range.first);
        if (range.last != range.first) out += ":" + number_or_star(range.last);
    }
    return out;
}

std::string shape_of(const SearchKey& key) {
    using Kind = SearchKey::Kind;
    switch (key.kind) {
        case Kind::all:
            return "all";
        case Kind::all_of:
            return shape_of_keys(key, "(");
        case Kind::any_of:
            return shape_of_keys(key, "any(");
        case Kind::none_of:
            return shape_of_keys(key, "not(");
        case Kind::sequence:
            return shape_of(key.set);
        case Kind::uid:
            return "uid " + shape_of(key.set);
        case Kind::flag: {
            std::string out;
            append_system_flags(out, key.flag);
            return out;
        }
        case Kind::recent:
            return "recent";
        case Kind::header:
            return key.field + "~" + key.text;
        default:
            // Of each kind only what it has is not empty.
            return fmt::format(
                "{}:{}{}", static_cast<int>(key.kind) - static_cast<int>(Kind::header), key.text,
                key.text.empty() ? std::to_string(int64_t(key.number) + key.day) : "");
    }
}

std::string shape_of(const FetchItem& item) {
    constexpr std::string_view kTexts[] = {"", "HEADER", "FIELDS", "NOT", "TEXT", "MIME"};
    constexpr std::string_view kKinds[] = {
        "flags",      "uid",    "date",     "size",       "envelope", "body",
        "structure",  "BODY",   "BINARY",   "BINARYSIZE", "rfc822",   "rfc822header",
        "rfc822text", "modseq", "savedate", "emailid",    "threadid", "preview"};
    using Kind = FetchItem::Kind;
    std::string out(kKinds[static_cast<int>(item.kind)]);
    const bool reads = item.kind == Kind::body_section || item.kind == Kind::binary;
    if (reads || item.kind == Kind::binary_size) {
        out += fmt::format("[{}{}{}", fmt::join(item.section.part, "."),
                           item.section.text == FetchSection::Text::all ? "" : ":",
                           kTexts[static_cast<int>(item.section.text)]);
        if (!item.section.fields.empty())
            out += fmt::format(" {}", fmt::join(item.section.fields, ","));
        out += "]";
    }
    if (item.partial) out += fmt::format("<{}.{}>", item.partial->first, item.partial->octets);
    if (item.lazy) out += " lazy";
    return out + (item.peek ? "" : "!");
}

std::string shape_of(const FlagList& flags) {
    std::string out;
    append_flags(out, flags.flags, flags.keywords);
    return out;
}

std::string shape_of(const ImapCommand& command) {
    std::string out = command.by_uid ? "UID " : "";
    out += verb_name(command.verb);
    if (!command.set.ranges.empty() || command.set.saved_result) out += " " + shape_of(command.set);
    if (!command.name.empty()) out += " <" + command.name + ">";
    if (command.has_other) out += " <" + command.other + ">";
    for (const std::string& word : command.words) out += " " + word;
    for (const auto& [name, value] : command.pairs) out += fmt::format(" {}={}", name, value);
    if (!command.special_use.empty()) out += " use " + command.special_use;
    if (command.verb == ImapVerb::status) out += " " + shape_of(command.status);
    return out + std::visit([](const auto& a) { return shape_of(a); }, command.arguments);
}

CommandText text_of(std::string_view wire, const TextLimits& limits) {
    CommandText text(limits);
    for (;;) {
        const size_t end = wire.find("\r\n");
        if (text.add_line(wire.substr(0, end)) != TextStatus::ok || end == wire.npos) return text;
        wire.remove_prefix(end + 2);
        if (!text.announced() || text.begin_literal() != TextStatus::ok) return text;
        const std::string_view octets = wire.substr(0, text.literal_left());
        text.add_literal(octets);
        wire.remove_prefix(octets.size());
        if (text.literal_left() > 0) return text;
    }
}

std::string parsed(std::string_view wire, const ParseContext& context) {
    const auto command = parse_command(text_of(wire), context);
    if (command) return shape_of(*command);
    const SyntaxError& error = command.error();
    if (!error.refused) return "BAD " + error.text;
    return fmt::format("NO [{}] {}", error.code, error.text);
}

}  // namespace gatepost::dataplane
