#include "controlplane/directory/mail_aliases.h"

#include <utility>

#include "storage/base/check.h"

namespace gatepost::controlplane {

namespace {

using storage::EntryKind;

constexpr size_t kAliasRetriesMax = 64;  // sources that did not fit, tried again by one finish()

std::string join(const MailAliasRow& row) {
    std::string text;
    text.reserve(row.source.size() + 1 + row.target.size());
    return text.append(row.source).append(1, '\0').append(row.target);
}

std::pair<std::string, std::string> split(std::string_view text) {
    const size_t at = text.find('\0');
    return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

}  // namespace

MailAliases::Targets& MailAliases::draft(const std::string& source) {
    const auto [at, is_new] = drafts_.try_emplace(source);
    Targets& targets = at->second;
    if (!is_new) return targets;
    if (auto kept = kept_.extract(source)) {
        refused_.erase(source);
        targets = std::move(kept.mapped());
    } else if (const auto value = entries_.find(EntryKind::mail_alias, source)) {
        storage::MailAliasReader reader(*value);
        while (const auto target = reader.next()) targets.emplace_hint(targets.end(), *target);
        GATEPOST_CHECK(reader.is_whole());
    }
    return targets;
}

void MailAliases::put(const MailAliasRow& row) {
    const std::string text = join(row);
    const auto before = rows_.find(row.id);
    if (before && (!row.active || *before != text)) remove(MailAliasKey{row.id});
    if (!row.active) return;
    rows_.put(row.id, text);
    draft(row.source).insert(row.target);
}

void MailAliases::remove(const MailAliasKey& key) {
    const auto before = rows_.find(key.id);
    if (!before) return;
    const auto [source, target] = split(*before);
    draft(source).erase(target);
    rows_.erase(key.id);
}

Status MailAliases::make_entry(const std::string& source, Targets& targets) {
    if (targets.empty()) {
        entries_.remove(EntryKind::mail_alias, source);
        return {};
    }
    storage::MailAlias alias;
    for (const std::string& target : targets) {
        if (alias.targets.size() == storage::kAliasTargetsMax) break;
        alias.targets.emplace_back(target);
    }
    const bool is_too_large = targets.size() > storage::kAliasTargetsMax;
    // What was there stays. After a load nothing was: then some of the targets tell readers that
    // there is such an address, though one with more targets than they follow.
    const bool is_held = is_too_large && entries_.find(EntryKind::mail_alias, source).has_value();
    Status ok;
    if (!is_held) ok = entries_.put(EntryKind::mail_alias, source, storage::encode(alias));
    if (ok && !is_too_large) return {};
    if (is_too_large)
        entries_.hold(EntryKind::mail_alias, source,
                      fmt::format("it has {} targets; at most {} are possible", targets.size(),
                                  storage::kAliasTargetsMax));
    else
        refused_.insert(source);
    kept_[source] = std::move(targets);
    return ok;
}

Status MailAliases::finish() {
    for (size_t tried = 0; tried < kAliasRetriesMax && !refused_.empty(); ++tried)
        draft(std::string(*refused_.begin()));
    Status status;
    for (auto& [source, targets] : drafts_) {
        Status ok = make_entry(source, targets);
        if (!ok && ok.error().code == ErrorCode::refused) status = std::move(ok);
    }
    drafts_.clear();
    return status;
}

}  // namespace gatepost::controlplane
