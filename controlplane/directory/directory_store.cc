#include "controlplane/directory/directory_store.h"

#include "controlplane/log/event_log.h"
#include "storage/directory/redirect.h"

namespace gatepost::controlplane {

namespace {

using storage::EntryKind;

constexpr auto kKeysInterval = std::chrono::seconds(1);
constexpr size_t kLoadBatch = 4096;  // entries of mail at a time: what is pending stays small

Bytes octets_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string challenge_key(const ChallengeKey& key) {
    return key.host + "/" + key.token;
}

}  // namespace

DirectoryStore::DirectoryStore(std::unique_ptr<storage::DirectoryWriter> writer,
                               std::shared_ptr<WatchedKeyFile> keys, std::string server_name)
    : entries_(std::move(writer)),
      keys_(std::move(keys)),
      identities_(*keys_, *entries_.held()),
      mail_(entries_),
      filter_(entries_),
      policy_(entries_),
      server_name_(std::move(server_name)),
      keys_seen_at_(std::chrono::steady_clock::now()) {}

Status DirectoryStore::apply(const DirectoryChange& change) {
    return std::visit([this](const auto& row) { return take(row); }, change);
}

template <typename Change>
Status DirectoryStore::take(const Change& change) {
    if constexpr (requires { identities_.put(change); })
        identities_.put(change);
    else if constexpr (requires { identities_.remove(change); })
        identities_.remove(change);
    else if constexpr (requires { filter_.put(change); })
        filter_.put(change);
    else if constexpr (requires { filter_.remove(change); })
        filter_.remove(change);
    else if constexpr (requires { policy_.put(change); })
        policy_.put(change);
    else if constexpr (requires { policy_.remove(change); })
        policy_.remove(change);
    else if constexpr (requires { mail_.put(change); })
        mail_.put(change);
    else
        mail_.remove(change);
    // The transactions that follow a load count as a whole.
    return loading_ && mail_.pending() >= kLoadBatch ? mail_.finish() : Status();
}

Status DirectoryStore::take(const RedirectRow& row) {
    if (!storage::is_redirect_code(static_cast<int>(row.code)) || row.url.empty()) {
        const std::string reason = fmt::format("{} to '{}' is no redirect", row.code, row.url);
        entries_.hold(EntryKind::redirect, row.key.host, reason);
        return {};
    }
    // Held where it does not fit, here and below.
    (void)entries_.put(
        EntryKind::redirect, row.key.host,
        storage::encode_redirect({row.url, static_cast<uint16_t>(row.code), row.keep_path}));
    return {};
}

Status DirectoryStore::take(const RedirectKey& key) {
    entries_.remove(EntryKind::redirect, key.host);
    return {};
}

Status DirectoryStore::take(const ChallengeRow& row) {
    (void)entries_.put(EntryKind::acme_challenge, challenge_key(row.key),
                       octets_of(row.key_authorization));
    return {};
}

Status DirectoryStore::take(const ChallengeKey& key) {
    entries_.remove(EntryKind::acme_challenge, challenge_key(key));
    return {};
}

Status DirectoryStore::finish_load() {
    return mail_.finish();
}

// The identity of `of` as that of `name`.
void DirectoryStore::compile(const std::string& name, const std::string& of) {
    const auto value = identities_.compile(of);
    if (!value)
        entries_.remove(EntryKind::tls_identity, name);
    else if (!entries_.put(EntryKind::tls_identity, name, *value))
        failed_.insert(name);
}

void DirectoryStore::publish(storage::ArenaOrigin origin) {
    (void)mail_.finish();  // what does not fit is held
    policy_.finish();
    // Mail that comes right after a load is filtered, too.
    filter_.finish(loading_ ? FilterBuilder::kForever : FilterTables::kPatience);
    std::set<std::string> names = identities_.finish();
    names.merge(std::exchange(failed_, {}));
    const bool default_failed = names.erase("") != 0;
    for (const std::string& name : names) compile(name, name);

    std::string name = identities_.default_name(server_name_).value_or("");
    if (name != default_name_ || names.contains(name) || default_failed) {
        default_name_ = std::move(name);
        compile("", default_name_);
    }
    origin_ = origin;
    loading_ = false;
    entries_.writer().publish(origin);
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

bool DirectoryStore::look_after_filter() {
    const uint64_t before = filter_.placements();
    filter_.finish(std::chrono::milliseconds(0));
    if (filter_.placements() == before) return false;
    entries_.writer().publish(origin_);
    return true;
}

}  // namespace gatepost::controlplane
