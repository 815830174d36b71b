#include "storage/release/package.hpp"

#include <fmt/format.h>

namespace sluice::release {
namespace {

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

/// "2026-11-18 19:06:40 +08:00": as it is read where the cameras are, which has no summer time.
std::string local(UtcTime time) {
    const std::string text = to_rfc3339(time + std::chrono::hours{8});
    return text.substr(0, 10) + " " + text.substr(11, 8) + " +08:00";
}

std::string row(std::string_view name, std::string_view value) {
    return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, escape(value));
}

}  // namespace

std::string to_readme(const PackageFacts& facts, const ledger::VerifierKey& key) {
    std::string videos;
    for (const PackagedItem& item : facts.items) {
        videos +=
            fmt::format("{} ({}), stream {}\n", item.camera_name, item.camera_slug, to_string(item.stream));
        for (const PackagedVideo& video : item.videos)
            videos += fmt::format(
                "  {}  {} to {}, {} frames\n",
                video.name,
                to_rfc3339(video.piece.range.from),
                to_rfc3339(video.piece.range.to),
                video.piece.frames
            );
    }
    return fmt::format(
        R"(Sealed copy {number} of dossier {dossier}
Copy id {copy}. To be returned or destroyed by {due}.

{videos}
The videos hold exactly the frames that were granted, untouched. {manifest} says where they come from, which
times are missing and why, and what is known of the clocks.

How to check that nothing was changed, in the folder where this archive was unpacked:

  1. Every file is the one that was sealed:
       sha256sum -c {sums}
  2. The list of files was signed by the issuing office (OpenSSL 3):
       openssl pkeyutl -verify -pubin -inkey {pem} -rawin -in {sums} -sigfile {signature}
  3. The key is the office's. Compare this number with the one the office gave you on paper:
       openssl pkey -pubin -in {pem} -outform DER | sha256sum
       {fingerprint}
  4. All of it and the audit log's proof ({ledger}), by the tool itself, without a network:
       sluice verify ARCHIVE.tar --key '{verifier}'

A signature proves nothing without step 3: whoever changes files can sign them with a key of their own.
)",
        fmt::arg("number", facts.number),
        fmt::arg("dossier", facts.dossier),
        fmt::arg("copy", to_string(facts.copy_id)),
        fmt::arg("due", local(facts.due)),
        fmt::arg("videos", videos),
        fmt::arg("manifest", kManifestName),
        fmt::arg("sums", kSumsName),
        fmt::arg("pem", kKeyName),
        fmt::arg("signature", kSignatureName),
        fmt::arg("fingerprint", fingerprint(key.key)),
        fmt::arg("ledger", kLedgerName),
        fmt::arg("verifier", to_string(key))
    );
}

std::string to_receipt(const PackageFacts& facts, const ledger::VerifierKey& key) {
    std::string rows = row("案號 Dossier", facts.dossier) +
                       row("份次 Copy", fmt::format("{} ({})", facts.number, to_string(facts.copy_id))) +
                       row("領取人 Recipient", facts.recipient) + row("保管人 Custodian", facts.custodian) +
                       row("陪同人 Escort", facts.escort) + row("製作時間 Made", local(facts.made)) +
                       row("應繳回或銷毀期限 Return or destroy by", local(facts.due)) +
                       row("簽章金鑰指紋 Key fingerprint (SHA-256)", fingerprint(key.key));
    std::string videos;
    for (const PackagedItem& item : facts.items)
        for (const PackagedVideo& video : item.videos)
            videos += fmt::format(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
                escape(item.camera_name),
                local(video.piece.range.from),
                local(video.piece.range.to),
                escape(video.name),
                to_hex(video.sha256)
            );
    return fmt::format(
        R"(<!doctype html>
<html lang="zh-Hant"><meta charset="utf-8"><title>錄影資料複製領據</title>
<style>body{{font-family:sans-serif;margin:2em}}table{{border-collapse:collapse;margin:1em 0}}
th,td{{border:1px solid #888;padding:.3em .6em;text-align:left}}code{{font-size:70%;word-break:break-all}}
.sign td{{height:3em;width:16em}}@page{{size:A4;margin:15mm}}</style>
<h1>錄影資料複製領據 Receipt for a copy of footage</h1>
<table>
{}</table>
<table><tr><th>攝影機 Camera</th><th>起 From</th><th>迄 To</th><th>檔案 File</th><th>SHA-256</th></tr>
{}</table>
<p>領取人應於期限前繳回或銷毀並具結；不得逾越核准目的使用。
The recipient returns or destroys the copy by the date above and declares it, and uses it for nothing but what was granted.</p>
<table class="sign"><tr><th>領取人簽章 Recipient</th><th>保管人簽章 Custodian</th><th>陪同人簽章 Escort</th></tr>
<tr><td></td><td></td><td></td></tr></table>
</html>
)",
        rows,
        videos
    );
}

}  // namespace sluice::release
