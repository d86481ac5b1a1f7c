#include "controlplane/directory/directory_store.h"

#include "controlplane/log/event_log.h"
#include "storage/directory/redirect.h"

namespace gatepost::controlplane {

namespace {

using storage::EntryKind;

constexpr auto kKeysInterval = std::chrono::seconds(1);

Bytes octets_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// As people are told of it.
std::string describe(EntryKind kind, const std::string& key) {
    switch (kind) {
        case EntryKind::tls_identity:
            return key.empty() ? "identity of clients without a name" : "identity of " + key;
        case EntryKind::redirect:
            return "redirect of " + key;
        case EntryKind::acme_challenge:
            break;
    }
    return "challenge " + key;
}

std::string challenge_key(const ChallengeKey& key) {
    return key.host + "/" + key.token;
}

}  // namespace

DirectoryStore::DirectoryStore(std::unique_ptr<storage::DirectoryWriter> writer,
                               std::shared_ptr<WatchedKeyFile> keys, std::string server_name)
    : writer_(std::move(writer)),
      keys_(std::move(keys)),
      identities_(*keys_, *held_),
      server_name_(std::move(server_name)),
      keys_seen_at_(std::chrono::steady_clock::now()) {}

Status DirectoryStore::apply(const DirectoryChange& change) {
    return std::visit([this](const auto& row) { return take(row); }, change);
}

template <typename Change>
Status DirectoryStore::take(const Change& change) {
    if constexpr (requires { identities_.put(change); })
        identities_.put(change);
    else
        identities_.remove(change);
    return {};
}

Status DirectoryStore::take(const RedirectRow& row) {
    if (!storage::is_redirect_code(static_cast<int>(row.code)) || row.url.empty()) {
        const std::string reason = fmt::format("{} to '{}' is no redirect", row.code, row.url);
        hold(EntryKind::redirect, row.key.host, reason);
        return {};
    }
    put(EntryKind::redirect, row.key.host,
        storage::encode_redirect({row.url, static_cast<uint16_t>(row.code), row.keep_path}));
    return {};
}

Status DirectoryStore::take(const RedirectKey& key) {
    remove(EntryKind::redirect, key.host);
    return {};
}

Status DirectoryStore::take(const ChallengeRow& row) {
    put(EntryKind::acme_challenge, challenge_key(row.key), octets_of(row.key_authorization));
    return {};
}

Status DirectoryStore::take(const ChallengeKey& key) {
    remove(EntryKind::acme_challenge, challenge_key(key));
    return {};
}

void DirectoryStore::put(EntryKind kind, const std::string& key, Bytes value) {
    const Status ok = writer_->put(kind, key, value);
    if (ok) {
        held_->clear(describe(kind, key));
        return;
    }
    if (kind == EntryKind::tls_identity) failed_.insert(key);
    hold(kind, key, ok.error().message);
}

void DirectoryStore::hold(EntryKind kind, const std::string& key, const std::string& reason) {
    const bool served = writer_->view().find(kind, key).has_value();
    if (held_->set(describe(kind, key), reason, served))
        log_warning("sync.entry_held")
            .field("entry", describe(kind, key))
            .field("served", served)
            .field("reason", reason);
}

void DirectoryStore::remove(EntryKind kind, const std::string& key) {
    writer_->remove(kind, key);
    held_->clear(describe(kind, key));
}

void DirectoryStore::compile(const std::string& name) {
    const auto value = identities_.compile(name);
    if (value)
        put(EntryKind::tls_identity, name, *value);
    else
        remove(EntryKind::tls_identity, name);
}

void DirectoryStore::publish(storage::ArenaOrigin origin) {
    std::set<std::string> names = identities_.finish();
    names.merge(std::exchange(failed_, {}));
    const bool default_failed = names.erase("") != 0;
    for (const std::string& name : names) compile(name);

    std::string name = identities_.default_name(server_name_).value_or("");
    if (name != default_name_ || names.contains(name) || default_failed) {
        default_name_ = std::move(name);
        const auto value = identities_.compile(default_name_);
        if (value)
            put(EntryKind::tls_identity, "", *value);
        else
            remove(EntryKind::tls_identity, "");
    }
    origin_ = origin;
    writer_->publish(origin);
}

bool DirectoryStore::look_after_keys() {
    const auto now = std::chrono::steady_clock::now();
    if (now < keys_seen_at_ + kKeysInterval) return false;
    keys_seen_at_ = now;
    if (!keys_->refresh()) return false;
    log_info("sync.key_file").field("path", keys_->path());
    identities_.retry_held();
    publish(origin_);
    return true;
}

}  // namespace gatepost::controlplane
