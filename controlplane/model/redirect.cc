#include "controlplane/model/redirect.h"

#include <algorithm>

#include "controlplane/model/host_name.h"

namespace gatepost::controlplane {
namespace {

constexpr size_t kUrlMax = 2048;
constexpr std::string_view kSchemes[] = {"https://", "http://"};

Result<std::vector<Redirect>> read(Connection& connection, std::string_view host) {
    auto rows = connection.exec_params(
        "SELECT host, url, code, keep_path FROM gatepost.redirects WHERE $1 = '' OR host = $1 "
        "ORDER BY host",
        {host});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<Redirect> out;
    for (int row = 0; row < rows->rows(); ++row)
        out.push_back({rows->text(row, 0), rows->text(row, 1),
                       static_cast<int>(rows->integer(row, 2)), rows->boolean(row, 3)});
    return out;
}

// "example.org:8443" of "https://example.org:8443/x"; empty where it is no absolute URL.
std::string_view authority_of(std::string_view url) {
    for (const std::string_view scheme : kSchemes)
        if (url.starts_with(scheme))
            return url.substr(
                scheme.size(),
                std::min(url.find_first_of("/?", scheme.size()), url.size()) - scheme.size());
    return {};
}

}  // namespace

Status check_redirect_url(std::string_view url) {
    const std::string_view authority = authority_of(url);
    if (authority.empty())
        return fail(ErrorCode::usage,
                    "\"{}\" is not an absolute URL, expected one such as https://www.example.org/",
                    url);
    if (authority.find('@') != std::string_view::npos)
        return fail(ErrorCode::usage, "\"{}\" has a user in it, which browsers refuse", url);
    if (url.find('#') != std::string_view::npos)
        return fail(ErrorCode::usage, "\"{}\" has a fragment, which cannot follow a path", url);
    if (url.size() > kUrlMax)
        return fail(ErrorCode::usage, "a URL of {} characters is too long, at most {}", url.size(),
                    kUrlMax);
    if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~'; }))
        return fail(ErrorCode::usage,
                    "\"{}\" has a blank or a character beyond ASCII: write it as %XX", url);
    return {};
}

std::string host_of_url(std::string_view url) {
    const std::string_view authority = authority_of(url);
    const auto host = host_from_text(authority.substr(0, authority.find(':')));
    return host ? *host : "";
}

Result<std::vector<Redirect>> redirect_list(Connection& connection) {
    return read(connection, "");
}

Result<RedirectResult> redirect_set(Connection& connection, const Redirect& redirect,
                                    const WriteOptions& options) {
    if (Status good = check_redirect_url(redirect.url); !good)
        return tl::unexpected(std::move(good).error());
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto before = read(connection, redirect.host);
    if (!before) return tl::unexpected(std::move(before).error());
    RedirectResult result{std::move(*before), {redirect}, 0};
    if (result.before == result.after) return result;
    auto written = connection.exec_params(
        "INSERT INTO gatepost.redirects VALUES ($1, $2, $3, $4) ON CONFLICT (host) DO UPDATE SET "
        "url = excluded.url, code = excluded.code, keep_path = excluded.keep_path",
        {redirect.host, redirect.url, redirect.code, redirect.keep_path});
    if (!written) return tl::unexpected(std::move(written).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<RedirectResult> redirect_remove(Connection& connection, std::string_view host,
                                       const WriteOptions& options) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto before = read(connection, host);
    if (!before) return tl::unexpected(std::move(before).error());
    if (before->empty())
        return fail(ErrorCode::refused, "{} is not redirected; see `gatepost redirect list`", host);
    auto deleted = connection.exec_params("DELETE FROM gatepost.redirects WHERE host = $1", {host});
    if (!deleted) return tl::unexpected(std::move(deleted).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return RedirectResult{std::move(*before), {}, *lsn};
}

}  // namespace gatepost::controlplane
