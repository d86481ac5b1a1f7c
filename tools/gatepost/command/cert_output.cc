#include "tools/gatepost/command/cert_output.h"

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "controlplane/certificate/key_file.h"
#include "controlplane/certificate/type_names.h"
#include "controlplane/model/host_name.h"
#include "storage/directory/service.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"
#include "tools/gatepost/supervisor/directories.h"

namespace gatepost::tools {

using controlplane::CertificateInfo;
using nlohmann::ordered_json;

namespace {

constexpr size_t kNamesShown = 2;
constexpr std::string_view kDay = "2026-01-31";  // of a time as RFC 3339

std::string join(const std::vector<std::string>& words, std::string_view separator,
                 size_t limit = SIZE_MAX) {
    std::string out;
    for (size_t i = 0; i < words.size() && i < limit; ++i)
        out += fmt::format("{}{}", i == 0 ? "" : separator, words[i]);
    if (words.size() > limit) out += fmt::format(" +{}", words.size() - limit);
    return out;
}

// "R11" of "CN=R11,O=Let's Encrypt,C=US".
std::string common_name(const std::string& name) {
    const size_t begin = name.find("CN=");
    if (begin == std::string::npos) return name;
    size_t end = begin;
    do end = name.find(',', end + 1);
    while (end != std::string::npos && name[end - 1] == '\\');
    return name.substr(begin + 3, end == std::string::npos ? end : end - begin - 3);
}

std::string status_text(const CertificateInfo& certificate) {
    if (certificate.status == "expired") return "expired";
    const std::string left = counted(static_cast<unsigned long long>(certificate.days_left), "day");
    return certificate.status == "valid" ? left : fmt::format("{}, {}", left, certificate.status);
}

// As the first start would make it.
Status make_state_directory(const Config& config) {
    std::optional<SystemUser> owner;
    if (::geteuid() == 0 && !config.controlplane_user.empty()) {
        auto user = find_user(config.controlplane_user);
        if (!user) return wrap("controlplane.user", std::move(user).error());
        owner = *user;
    }
    return make_directory(config.state_dir, 0700, owner ? &*owner : nullptr);
}

}  // namespace

Result<controlplane::CertificateFilter> certificate_filter(const Arguments& arguments) {
    controlplane::CertificateFilter filter;
    if (arguments.has("DOMAIN")) {
        auto host = controlplane::host_from_text(arguments.text("DOMAIN"));
        if (!host) return tl::unexpected(std::move(host).error());
        filter.domain = *host;
    }
    filter.type = arguments.text("--type");
    if (!filter.type.empty() && !controlplane::certificate_type_from_name(filter.type))
        return fail(ErrorCode::usage,
                    "--type: \"{}\" is none, expected live, staged or self-signed", filter.type);
    filter.key_type = arguments.text("--key-type");
    if (!filter.key_type.empty() && !controlplane::key_type_from_name(filter.key_type))
        return fail(ErrorCode::usage, "--key-type: \"{}\" is none, expected ecdsa, ed25519 or rsa",
                    filter.key_type);
    return filter;
}

ordered_json certificate_json(const CertificateInfo& certificate) {
    return {{"domain", certificate.domain},
            {"type", certificate.type},
            {"key_type", certificate.key_type},
            {"names", certificate.names},
            {"issuer", certificate.issuer},
            {"subject", certificate.subject},
            {"serial_number", certificate.serial_number},
            {"fingerprint_sha256", certificate.fingerprint},
            {"not_before", certificate.not_before},
            {"not_after", certificate.not_after},
            {"status", certificate.status},
            {"days_left", certificate.days_left},
            {"in_use_by", certificate.used_by},
            {"ocsp_response", certificate.has_ocsp_response},
            {"sealing_key", certificate.sealing_key},
            {"source", certificate.source},
            {"created_at", certificate.created_at}};
}

ordered_json certificates_json(const std::vector<CertificateInfo>& certificates) {
    ordered_json out = ordered_json::array();
    for (const CertificateInfo& certificate : certificates)
        out.push_back(certificate_json(certificate));
    return out;
}

std::string certificate_table(const std::vector<CertificateInfo>& certificates) {
    Table table({{"DOMAIN"},
                 {"TYPE"},
                 {"KEY"},
                 {"NAMES"},
                 {"ISSUER"},
                 {"EXPIRES"},
                 {"STATUS"},
                 {"IN USE BY"}});
    for (const CertificateInfo& certificate : certificates)
        table.row({certificate.domain, certificate.type, certificate.key_type,
                   join(certificate.names, " ", kNamesShown), common_name(certificate.issuer),
                   certificate.not_after.substr(0, kDay.size()), status_text(certificate),
                   users_text(certificate.used_by)});
    return table.text();
}

std::string certificate_text(const CertificateInfo& certificate) {
    std::string out = fmt::format("{}, {}\n", certificate.domain, certificate.type);
    const auto line = [&](std::string_view what, const std::string& value) {
        out += fmt::format("  {:<14}{}\n", what, value.empty() ? "–" : value);
    };
    line("names", join(certificate.names, " "));
    line("key", certificate.key_type);
    line("issuer", certificate.issuer);
    line("subject", certificate.subject);
    line("serial", certificate.serial_number);
    line("sha256", certificate.fingerprint);
    line("valid from", certificate.not_before);
    line("valid until", fmt::format("{} ({})", certificate.not_after, status_text(certificate)));
    line("in use by", users_text(certificate.used_by));
    line("ocsp", certificate.has_ocsp_response ? "a response is stapled" : "");
    line("source", fmt::format("{}, {}", certificate.source, certificate.created_at));
    line("key sealed", fmt::format("with {}", certificate.sealing_key));
    return out;
}

std::string users_text(const std::vector<std::string>& services) {
    if (services.empty()) return "nobody";
    return services.size() == storage::kServices ? "all services" : join(services, ", ");
}

void report_certificates(Context& context, const Arguments& arguments,
                         const controlplane::CertificateResult& result,
                         const std::vector<std::string>& warnings) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, result.lsn);
        context.print(ordered_json{{"dry_run", dry_run},
                                   {"before", certificates_json(result.before)},
                                   {"after", certificates_json(result.after)},
                                   {"warnings", warnings},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return;
    }
    const auto print = [&](char sign, const CertificateInfo& certificate) {
        context.print(fmt::format("{} {} {} {} until {} sha256 {}\n", sign, certificate.domain,
                                  certificate.type, certificate.key_type, certificate.not_after,
                                  certificate.fingerprint));
    };
    const bool same = !result.before.empty() && !result.after.empty() &&
                      result.before.front().fingerprint == result.after.front().fingerprint;
    if (!same) {
        for (const CertificateInfo& certificate : result.before) print('-', certificate);
        for (const CertificateInfo& certificate : result.after) print('+', certificate);
    }
    if (dry_run)
        context.note("dry run: nothing was changed");
    else if (result.lsn == 0)
        context.note("nothing to change");
    for (const CertificateInfo& certificate : result.after)
        if (!dry_run)
            context.note(fmt::format("{} is used by {}", certificate.domain,
                                     users_text(certificate.used_by)));
    wait_for_edge(context, arguments, result.lsn);
}

Result<storage::KeyRing> sealing_keys(Context& context) {
    namespace fs = std::filesystem;
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    const std::string& path = config->tls_key_file;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
        if (context.options().dry_run)
            return storage::KeyRing::parse(fmt::format("{:016x} {:064x}", 0, 0));
        if (fs::path(path).parent_path() == config->state_dir)
            if (Status made = make_state_directory(*config); !made)
                return tl::unexpected(std::move(made).error());
    }
    return controlplane::ensure_key_file(path);
}

}  // namespace gatepost::tools
