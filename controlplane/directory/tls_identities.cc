#include "controlplane/directory/tls_identities.h"

#include <algorithm>
#include <tuple>

#include "controlplane/certificate/private_key.h"
#include "controlplane/certificate/type_names.h"
#include "controlplane/log/event_log.h"
#include "controlplane/model/host_name.h"
#include "storage/directory/service.h"

namespace gatepost::controlplane {

namespace {

constexpr std::string_view kEveryService = "*";

// Columns that were not sent are those from before.
void complete(CertificateRow& row, const CertificateRow& before) {
    if (!row.chain) row.chain = before.chain;
    if (!row.sealed_key) row.sealed_key = before.sealed_key;
    if (!row.ocsp_response) row.ocsp_response = before.ocsp_response;
    if (!row.names) row.names = before.names;
}

std::string describe(const CertificateRow& row) {
    return fmt::format("certificate {} ({}, {}, {})", row.id, row.domain, row.type, row.key_type);
}

}  // namespace

Status TlsIdentities::put(CertificateRow row) {
    const int64_t id = row.id;
    auto pending = pending_.find(id);
    if (pending != pending_.end() && pending->second) complete(row, *pending->second);
    const bool was_removed = pending != pending_.end() && !pending->second;
    if (!is_complete(row, was_removed ? -1 : id))
        return fail(ErrorCode::conflict,
                    "columns of {} are kept outside of their row and were not sent with its change",
                    describe(row));
    pending_[id] = std::move(row);
    return {};
}

bool TlsIdentities::is_complete(const CertificateRow& row, int64_t id) const {
    if (row.chain && row.sealed_key && row.ocsp_response && row.names) return true;
    return rows_.contains(id);
}

void TlsIdentities::remove(const CertificateKey& key) {
    pending_[key.id] = std::nullopt;
}

void TlsIdentities::put(const PinRow& row) {
    const auto type = certificate_type_from_name(row.type);
    const bool is_known =
        row.key.service == kEveryService || storage::service_from_name(row.key.service);
    // Of a later program: nothing that this one could obey.
    if (!type || !is_known) return remove(row.key);
    pins_[row.key] = *type;
    touch_domain(row.key.domain);
}

void TlsIdentities::remove(const PinKey& key) {
    pins_.erase(key);
    touch_domain(key.domain);
}

// A pin is about its domain's name, and about the other names of the domain's certificates.
void TlsIdentities::touch_domain(const std::string& domain) {
    affected_.insert(domain);
    const auto found = by_name_.find(domain);
    if (found == by_name_.end()) return;
    for (const int64_t id : found->second) {
        const Served& served = *rows_.at(id).served;
        if (served.domain == domain) affected_.insert(served.names.begin(), served.names.end());
    }
}

void TlsIdentities::retry_held() {
    for (const auto& [id, row] : rows_)
        if (row.held && !pending_.contains(id)) pending_[id] = *row.held;
}

std::set<std::string> TlsIdentities::finish() {
    // The very first certificates come right behind the key that they are sealed with.
    if (!pending_.empty() && keys_.refresh()) retry_held();
    for (auto& [id, row] : std::exchange(pending_, {})) {
        if (row)
            attempt(id, std::move(*row));
        else
            drop(id);
    }
    return std::exchange(affected_, {});
}

Status TlsIdentities::check_key(const CertificateChain& chain, Bytes sealed_key) const {
    auto key = PrivateKey::unseal(sealed_key, keys_.ring());
    if (!key) {
        if (keys_.error().empty()) return tl::unexpected(std::move(key).error());
        return fail(key.error().code, "{} ({})", key.error().message, keys_.error());
    }
    return check_key_matches(chain, *key);
}

Result<TlsIdentities::Served> TlsIdentities::make(const CertificateRow& row,
                                                  const std::optional<Served>& before) const {
    Served made;
    made.domain = row.domain;
    const auto type = certificate_type_from_name(row.type);
    if (!type)
        return fail(ErrorCode::invalid, "'{}' is not a type of certificates known here", row.type);
    made.type = *type;
    if (row.chain) {
        auto chain = chain_from_pem(*row.chain);
        if (!chain) return wrap("its chain", std::move(chain).error());
        made.chain = std::move(*chain);
    } else {
        made.chain = before->chain;
    }
    if (key_type_name(made.chain.leaf.key_type) != row.key_type)
        return fail(ErrorCode::invalid,
                    "its row says that the key is of type {}, and the certificate is about one of "
                    "type {}",
                    row.key_type, key_type_name(made.chain.leaf.key_type));
    made.sealed_key = row.sealed_key ? *row.sealed_key : before->sealed_key;
    if (row.chain || row.sealed_key)
        if (Status ok = check_key(made.chain, made.sealed_key); !ok)
            return tl::unexpected(std::move(ok).error());
    made.ocsp_response = row.ocsp_response ? *row.ocsp_response : before->ocsp_response;
    if (row.names)
        made.names.insert(row.names->begin(), row.names->end());
    else
        made.names = before->names;
    made.names.insert(made.domain);
    std::erase_if(made.names, [](const std::string& name) { return !is_host_name(name); });
    return made;
}

void TlsIdentities::attempt(int64_t id, CertificateRow row) {
    Row& state = rows_[id];
    if (state.held) complete(row, *state.held);
    auto made = make(row, state.served);
    if (!made) return hold(state, std::move(row), made.error());
    if (state.served) unlink(id, *state.served);
    state.served = std::move(*made);
    link(id, *state.served);
    if (!state.held) return;
    state.held.reset();
    held_.clear(state.held_as);
    log_info("sync.certificate_released")
        .field("id", id)
        .field("domain", row.domain)
        .field("type", row.type)
        .field("key_type", row.key_type);
}

void TlsIdentities::hold(Row& state, CertificateRow row, const Error& error) {
    const std::string what = describe(row);
    if (state.held && state.held_as != what) held_.clear(state.held_as);
    const bool is_news = held_.set(what, error.message, state.served.has_value());
    if (is_news)
        log_warning("sync.certificate_held")
            .field("id", row.id)
            .field("domain", row.domain)
            .field("type", row.type)
            .field("key_type", row.key_type)
            .field("served", state.served.has_value())
            .field("reason", error.message);
    state.held_as = what;
    state.held = std::make_unique<CertificateRow>(std::move(row));
}

void TlsIdentities::drop(int64_t id) {
    const auto found = rows_.find(id);
    if (found == rows_.end()) return;
    if (found->second.served) unlink(id, *found->second.served);
    if (found->second.held) held_.clear(found->second.held_as);
    rows_.erase(found);
}

void TlsIdentities::link(int64_t id, const Served& served) {
    for (const std::string& name : served.names) by_name_[name].insert(id);
    affected_.insert(served.names.begin(), served.names.end());
}

void TlsIdentities::unlink(int64_t id, const Served& served) {
    for (const std::string& name : served.names) {
        const auto found = by_name_.find(name);
        found->second.erase(id);
        if (found->second.empty()) by_name_.erase(found);
    }
    affected_.insert(served.names.begin(), served.names.end());
}

// Those of the name's own domain come first: where there are more than fit, they are kept.
std::vector<const TlsIdentities::Served*> TlsIdentities::candidates_of(
    const std::string& name) const {
    std::vector<const Served*> candidates;
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return candidates;
    for (const int64_t id : found->second) candidates.push_back(&*rows_.at(id).served);
    std::stable_sort(candidates.begin(), candidates.end(), [&](const Served* a, const Served* b) {
        const auto rank = [&](const Served& one) {
            return std::tuple(one.domain != name, one.type, -one.chain.leaf.not_after_s);
        };
        return rank(*a) < rank(*b);
    });
    if (candidates.size() > storage::kCandidatesMax) candidates.resize(storage::kCandidatesMax);
    return candidates;
}

std::optional<storage::CertificateType> TlsIdentities::pin_of(storage::Service service,
                                                              const std::string& name) const {
    for (const std::string_view word : {storage::service_name(service), kEveryService}) {
        const auto found = pins_.find(PinKey{std::string(word), name});
        if (found != pins_.end()) return found->second;
    }
    return std::nullopt;
}

std::optional<std::vector<uint8_t>> TlsIdentities::compile(const std::string& name) const {
    const auto candidates = candidates_of(name);
    if (candidates.empty()) return std::nullopt;
    storage::TlsIdentity identity;
    for (const Served* one : candidates) {
        storage::CertificateCandidate candidate;
        candidate.type = one->type;
        candidate.key_type = one->chain.leaf.key_type;
        candidate.not_before_s = one->chain.leaf.not_before_s;
        candidate.not_after_s = one->chain.leaf.not_after_s;
        candidate.chain.assign(one->chain.der.begin(), one->chain.der.end());
        candidate.sealed_key = one->sealed_key;
        candidate.ocsp_response = one->ocsp_response;
        identity.candidates.push_back(std::move(candidate));
    }
    for (size_t i = 0; i < storage::kServices; ++i) {
        const auto service = static_cast<storage::Service>(i);
        auto& pinned = identity.pinned[i];
        pinned = pin_of(service, name);
        for (const Served* one : candidates) {
            if (pinned) break;
            pinned = pin_of(service, one->domain);
        }
    }
    return storage::encode_tls_identity(identity);
}

std::optional<std::string> TlsIdentities::default_name(const std::string& server_name) const {
    if (by_name_.contains(server_name)) return server_name;
    if (const size_t dot = server_name.find('.'); dot != std::string::npos)
        if (std::string wildcard = "*" + server_name.substr(dot); by_name_.contains(wildcard))
            return wildcard;
    for (const auto& [id, row] : rows_)
        if (row.served && by_name_.contains(row.served->domain)) return row.served->domain;
    return std::nullopt;
}

}  // namespace gatepost::controlplane
