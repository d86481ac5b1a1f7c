// gatepost cert export
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "controlplane/certificate/key_file.h"
#include "controlplane/certificate/private_key.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/command/cert_commands.h"
#include "tools/gatepost/command/cert_output.h"

namespace gatepost::tools {

namespace {

using controlplane::StoredCertificate;

constexpr mode_t kChainMode = 0644;
constexpr mode_t kKeyMode = 0600;

tl::unexpected<Error> cannot_write(const std::string& path) {
    const int error = errno;
    return fail(error == EACCES || error == EPERM || error == EROFS ? ErrorCode::permission
                                                                    : ErrorCode::refused,
                "cannot write {}: {}", path, std::strerror(error));
}

// Whole or not at all, with `mode` from its first moment on.
Status write_file(const std::string& path, std::string_view content, mode_t mode) {
    const std::string temporary = fmt::format("{}.new.{}", path, ::getpid());
    ::unlink(temporary.c_str());
    const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd) return cannot_write(path);
    while (!content.empty()) {
        const ssize_t count = ::write(fd.get(), content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            auto failed = cannot_write(path);
            ::unlink(temporary.c_str());
            return failed;
        }
        content.remove_prefix(static_cast<size_t>(count));
    }
    if (::fsync(fd.get()) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
    auto failed = cannot_write(path);
    ::unlink(temporary.c_str());
    return failed;
}

// The one in use, else the best.
Result<StoredCertificate> find_certificate(Context& context,
                                           const controlplane::CertificateFilter& filter) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto stored = controlplane::certificate_get(*connection, filter);
    if (!stored) return tl::unexpected(std::move(stored).error());
    const auto in_use = std::find_if(
        stored->begin(), stored->end(),
        [](const StoredCertificate& certificate) { return !certificate.info.used_by.empty(); });
    return std::move(in_use != stored->end() ? *in_use : stored->front());
}

Result<controlplane::PrivateKey> open_key(Context& context, const StoredCertificate& stored) {
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto ring = storage::KeyRing::load(config->tls_key_file);
    if (!ring)
        return wrap(fmt::format("the key of {} cannot be opened", stored.info.domain),
                    std::move(ring).error());
    auto key = controlplane::PrivateKey::unseal(stored.sealed_key, *ring);
    if (!key)
        return wrap(fmt::format("{} (key file {})", stored.info.domain, config->tls_key_file),
                    std::move(key).error());
    return key;
}

// Asks before a file is replaced, and before a key lies in the clear.
Status confirm_files(Context& context, const StoredCertificate& stored,
                     const std::string& chain_path, const std::string& key_path) {
    std::error_code ignored;
    std::string question;
    for (const std::string& path : {chain_path, key_path})
        if (!path.empty() && path != "-" && std::filesystem::exists(path, ignored))
            question += fmt::format("{} will be replaced. ", path);
    if (!key_path.empty())
        question += fmt::format("The private key of {} will lie in {} in the clear. ",
                                stored.info.domain, key_path);
    return question.empty() ? Status() : confirm(context, question + "Go on?");
}

Status write_key(const std::string& path, const controlplane::PrivateKey& key) {
    std::string pem = key.to_pem();
    Status written = write_file(path, pem, kKeyMode);
    ::explicit_bzero(pem.data(), pem.size());
    return written;
}

Result<int> export_files(Context& context, const Arguments& arguments) {
    auto filter = certificate_filter(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    const std::string chain_path = arguments.text("--chain");
    const std::string key_path = arguments.text("--key");
    if (chain_path.empty() && key_path.empty())
        return fail(ErrorCode::usage,
                    "name the file for the certificate with --chain, - for "
                    "standard output; and for its key with --key");
    if (key_path == "-")
        return fail(ErrorCode::usage, "--key: a key goes into a file, not to standard output");
    auto stored = find_certificate(context, *filter);
    if (!stored) return tl::unexpected(std::move(stored).error());
    std::optional<controlplane::PrivateKey> key;
    if (!key_path.empty()) {
        auto opened = open_key(context, *stored);
        if (!opened) return tl::unexpected(std::move(opened).error());
        key = std::move(*opened);
    }
    if (context.options().dry_run) {
        context.note(
            fmt::format("dry run: the {} certificate would be written", stored->info.type));
        return kExitDone;
    }
    if (Status yes = confirm_files(context, *stored, chain_path, key_path); !yes)
        return tl::unexpected(std::move(yes).error());
    if (key)
        if (Status written = write_key(key_path, *key); !written)
            return tl::unexpected(std::move(written).error());
    if (chain_path == "-")
        context.print(stored->chain);
    else if (!chain_path.empty())
        if (Status written = write_file(chain_path, stored->chain, kChainMode); !written)
            return tl::unexpected(std::move(written).error());
    if (context.json() && chain_path != "-")
        context.print(nlohmann::ordered_json{{"certificate", certificate_json(stored->info)},
                                             {"chain_file", chain_path},
                                             {"key_file", key_path}}
                          .dump(2) +
                      "\n");
    context.note(fmt::format("{}: the {} certificate, good until {}", stored->info.domain,
                             stored->info.type, stored->info.not_after));
    return kExitDone;
}

}  // namespace

CommandSpec cert_export_command() {
    return {.noun = "cert",
            .verb = "export",
            .summary =
                "Writes a certificate and its key to files, for other programs. Without "
                "--type, it is the one that is in use.",
            .arguments = {{"DOMAIN", Arity::one, "as the list has it"}},
            .options = {{"--chain", "FILE",
                         "for the certificate and those of its CAs; - for standard output"},
                        {"--key", "FILE", "for its key, readable by its owner only"},
                        kCertTypeOption,
                        kCertKeyTypeOption},
            .examples = {"gatepost cert export example.org --chain fullchain.pem --key privkey.pem",
                         "gatepost cert export example.org --type staged --chain -"},
            .run = export_files};
}

}  // namespace gatepost::tools
