// gatepost cert import|self-signed
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

#include "controlplane/certificate/new_certificate.h"
#include "controlplane/certificate/pem.h"
#include "controlplane/certificate/self_signed.h"
#include "controlplane/certificate/type_names.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/cli/edge_wait.h"
#include "tools/gatepost/command/cert_commands.h"
#include "tools/gatepost/command/cert_output.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/command/zone_file.h"

namespace gatepost::tools {

namespace {

using controlplane::CertificateChain;
using controlplane::NewCertificate;
using controlplane::PrivateKey;

// Text of a file, perhaps with a key in it: wiped in the end.
struct InputText {
    InputText() { text.reserve(controlplane::kPemSizeMax + 1); }
    ~InputText() { ::explicit_bzero(text.data(), text.size()); }
    InputText(const InputText&) = delete;
    InputText& operator=(const InputText&) = delete;

    std::string text;
};

// "-" is standard input.
Status read_input(const std::string& path, InputText& out) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(
        path == "-" ? ::fdopen(::dup(STDIN_FILENO), "rb") : std::fopen(path.c_str(), "rbe"),
        [](FILE* open) { return std::fclose(open); });
    if (!file)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::usage,
                    "cannot read {}: {}", path, std::strerror(errno));
    std::setvbuf(file.get(), nullptr, _IONBF, 0);
    out.text.resize(controlplane::kPemSizeMax + 1);
    const size_t size = std::fread(out.text.data(), 1, out.text.size(), file.get());
    if (std::ferror(file.get()) != 0)
        return fail(ErrorCode::usage, "cannot read {}: {}", path, std::strerror(errno));
    out.text.resize(size);
    return {};
}

std::string name_of(const std::string& path) {
    return path == "-" ? "standard input" : path;
}

struct Imported {
    CertificateChain chain;
    PrivateKey key;
};

// The chain and the key that belongs to it.
Result<Imported> read_files(const Arguments& arguments) {
    const std::string chain_path = arguments.text("--chain");
    const std::string key_path = arguments.has("--key") ? arguments.text("--key") : chain_path;
    if (chain_path.empty())
        return fail(ErrorCode::usage,
                    "--chain is required: the file with the certificate and those of the CAs above "
                    "it, often called fullchain.pem");
    InputText chain_text, other_text;
    if (Status read = read_input(chain_path, chain_text); !read)
        return tl::unexpected(std::move(read).error());
    const bool is_combined = key_path == chain_path;
    if (!is_combined)
        if (Status read = read_input(key_path, other_text); !read)
            return tl::unexpected(std::move(read).error());
    const InputText& key_text = is_combined ? chain_text : other_text;
    auto chain = controlplane::chain_from_pem(chain_text.text);
    if (!chain) return wrap(name_of(chain_path), std::move(chain).error());
    if (!arguments.has("--key") && !controlplane::has_private_key(key_text.text))
        return fail(ErrorCode::usage, "{} has no private key; name the file that has it with --key",
                    name_of(chain_path));
    auto key = PrivateKey::from_pem(key_text.text);
    if (!key) return wrap(name_of(key_path), std::move(key).error());
    if (Status matches = controlplane::check_key_matches(*chain, *key); !matches)
        return wrap(is_combined ? name_of(key_path)
                                : fmt::format("{} and {}", name_of(chain_path), name_of(key_path)),
                    std::move(matches).error());
    return Imported{std::move(*chain), std::move(*key)};
}

// Warnings that remain; an error of code invalid where something speaks against it.
Result<std::vector<std::string>> judge(Context& context, const Arguments& arguments,
                                       const CertificateChain& chain, const std::string& domain,
                                       int64_t now_s) {
    auto findings = controlplane::check_certificate(chain, domain, now_s);
    if (arguments.has("--force"))
        std::move(findings.errors.begin(), findings.errors.end(),
                  std::back_inserter(findings.warnings));
    else if (!findings.errors.empty()) {
        for (size_t i = 1; i < findings.errors.size(); ++i) context.complain(findings.errors[i]);
        return fail(ErrorCode::invalid, "{}; --force imports it all the same",
                    findings.errors.front());
    }
    if (!findings.warnings.empty() && arguments.has("--warnings-as-errors"))
        return fail(ErrorCode::invalid, "{}", findings.warnings.front());
    for (const std::string& warning : findings.warnings) context.warning(warning);
    return findings.warnings;
}

Status add_ocsp(const Arguments& arguments, const CertificateChain& chain, int64_t now_s,
                NewCertificate& row) {
    if (!arguments.has("--ocsp")) return {};
    InputText response;
    const std::string path = arguments.text("--ocsp");
    if (Status read = read_input(path, response); !read) return read;
    const auto* octets = reinterpret_cast<const uint8_t*>(response.text.data());
    const Bytes der(octets, response.text.size());
    if (Status good = controlplane::check_ocsp_response(chain, der, now_s); !good)
        return wrap(name_of(path), std::move(good).error());
    row.ocsp_response.assign(der.begin(), der.end());
    return {};
}

Result<int> import_files(Context& context, const Arguments& arguments) {
    auto filter = certificate_filter(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    const auto type =
        controlplane::certificate_type_from_name(filter->type.empty() ? "live" : filter->type);
    if (type == storage::CertificateType::self_signed)
        return fail(ErrorCode::usage,
                    "--type: what is imported is live or staged; `gatepost cert self-signed {}` "
                    "makes a self-signed one",
                    filter->domain);
    const auto now_s = static_cast<int64_t>(std::time(nullptr));
    auto files = read_files(arguments);
    if (!files) return tl::unexpected(std::move(files).error());
    auto warnings = judge(context, arguments, files->chain, filter->domain, now_s);
    if (!warnings) return tl::unexpected(std::move(warnings).error());
    auto ring = sealing_keys(context);
    if (!ring) return tl::unexpected(std::move(ring).error());
    auto row = controlplane::new_certificate({filter->domain, *type, "import"}, files->chain,
                                             files->key, *ring);
    if (!row) return tl::unexpected(std::move(row).error());
    if (Status added = add_ocsp(arguments, files->chain, now_s, *row); !added)
        return tl::unexpected(std::move(added).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::certificate_put(*connection, *row, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_certificates(context, arguments, *result, *warnings);
    return warnings->empty() ? kExitDone : kExitWarnings;
}

Result<int> make_self_signed(Context& context, const Arguments& arguments) {
    auto filter = certificate_filter(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto ring = sealing_keys(context);
    if (!ring) return tl::unexpected(std::move(ring).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto row = controlplane::new_self_signed(*connection, filter->domain, *ring, "self-signed",
                                             static_cast<int64_t>(std::time(nullptr)));
    if (!row) return tl::unexpected(std::move(row).error());
    auto result = controlplane::certificate_put(*connection, *row, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_certificates(context, arguments, *result);
    return kExitDone;
}

}  // namespace

CommandSpec cert_import_command() {
    return {.noun = "cert",
            .verb = "import",
            .summary =
                "Puts a certificate and its key into the database, from where all edges use it. It "
                "takes the place of one of the same type and kind of key. One that has expired, or "
                "is for other names, is refused (exit code 5); warnings give exit code 8.",
            .arguments = {{"DOMAIN", Arity::one, "the host it is for: mail.example.org"}},
            .options = {{"--chain", "FILE",
                         "PEM: the certificate, then those of its CAs; - for standard input"},
                        {"--key", "FILE", "PEM: its key (default: in the file of --chain)"},
                        {"--type", "TYPE", "live (default) or staged"},
                        {"--ocsp", "FILE", "a response of OCSP in DER, to be stapled"},
                        {"--force", "", "also where clients will turn away from it"},
                        kWarningsOption,
                        kNoWaitOption},
            .examples = {"gatepost cert import example.org --chain fullchain.pem --key privkey.pem",
                         "gatepost cert import example.org --chain combined.pem --dry-run"},
            .run = import_files};
}

CommandSpec cert_self_signed_command() {
    return {.noun = "cert",
            .verb = "self-signed",
            .summary =
                "Makes a self-signed certificate, good for a year, for a host that has none "
                "or whose key is to change. The control plane renews it in time.",
            .arguments = {{"DOMAIN", Arity::one, "the host it is for: mail.example.org"}},
            .options = {kNoWaitOption},
            .examples = {"gatepost cert self-signed mail.example.org",
                         "gatepost cert self-signed ns1.example.org --json"},
            .run = make_self_signed};
}

}  // namespace gatepost::tools
