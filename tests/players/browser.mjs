// Plays footage of a running sluice-api in headless Chromium and says what was shown, as one line of JSON.
//
//   node browser.mjs --api http://127.0.0.1:8080 --token-file FILE --modules FOLDER --play live|hls|clip
//                    --target /v1/cameras/…  [--frames N] [--seconds N]
//
// live, hls: by hls.js; clip: as <video src>. Ends after so many frames, at the end of the footage, or after so many
// seconds. `age` (live): how old each picture was when it was shown, by the clock that the camera farm writes into it as SEI.
import {createServer, request as ask} from 'node:http';
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';

const {values: options} = parseArgs({
    options: {
        api: {type: 'string'}, 'token-file': {type: 'string'}, modules: {type: 'string'},
        play: {type: 'string', default: 'live'}, target: {type: 'string'},
        frames: {type: 'string', default: '0'}, seconds: {type: 'string', default: '60'},
        chromium: {type: 'string', default: '/usr/bin/chromium'},
    },
});
const require = createRequire(`${options.modules}/`);
const {chromium} = require('playwright-core');
const hlsScript = readFileSync(require.resolve('hls.js/dist/hls.min.js'));
const token = readFileSync(options['token-file'], 'utf8').trim();

const page = `<!doctype html><meta charset="utf-8"><video muted autoplay playsinline></video><script src="/hls.js"></script>
<script>
const video = document.querySelector('video');
const result = {frames: 0, last_media_time: 0, first_media_time: null, errors: [], ages: [], done: false};
const sent = [];  // [media time, microseconds] of each picture that was loaded
const shown = (now, frame) => {
    result.frames = frame.presentedFrames;
    result.first_media_time ??= frame.mediaTime;
    result.last_media_time = frame.mediaTime;
    const near = sent.findLast(([time]) => Math.abs(time - frame.mediaTime) < 0.02);
    if (near) result.ages.push((Date.now() * 1000 - near[1]) / 1e6);
    video.requestVideoFrameCallback(shown);
};
video.requestVideoFrameCallback(shown);
video.addEventListener('ended', () => { result.done = true; });
video.addEventListener('error', () => { result.errors.push('video ' + video.error.message); });
function play(kind, target) {
    if (kind === 'clip') { video.src = target; return; }
    const hls = new Hls({lowLatencyMode: kind === 'live', enableWorker: true});
    hls.on(Hls.Events.ERROR, (event, data) => { if (data.fatal) result.errors.push(data.details); });
    hls.on(Hls.Events.FRAG_PARSING_USERDATA, (event, data) => {
        for (const sample of data.samples) {
            const at = /;at=(\\d+)/.exec(sample.userData ?? '');
            if (at) sent.push([sample.pts, Number(at[1])]);
        }
        sent.splice(0, Math.max(0, sent.length - 2000));
    });
    hls.loadSource(target);
    hls.attachMedia(video);
    window.hls = hls;
}
</script>`;

/// The page and the API from one origin, as behind a site's proxy: the session's cookie is SameSite=Strict.
const server = createServer((incoming, outgoing) => {
    if (incoming.url === '/') return outgoing.setHeader('Content-Type', 'text/html').end(page);
    if (incoming.url === '/hls.js') return outgoing.setHeader('Content-Type', 'text/javascript').end(hlsScript);
    const forwarded = ask(new URL(incoming.url, options.api), {method: incoming.method, headers: incoming.headers}, answer => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
});
await new Promise(ready => server.listen(0, '127.0.0.1', ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const opened = await fetch(`${origin}/v1/sessions`, {method: 'POST', headers: {Authorization: `Bearer ${token}`}});
if (opened.status !== 201) throw new Error(`no session: ${opened.status}`);
const [name, value] = opened.headers.get('set-cookie').split(';')[0].split('=');

const browser = await chromium.launch({
    executablePath: options.chromium,
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu'],
});
try {
    const context = await browser.newContext();
    await context.addCookies([{name, value, url: origin, httpOnly: true, sameSite: 'Strict'}]);
    const tab = await context.newPage();
    await tab.goto(origin);
    await tab.evaluate(([kind, target]) => play(kind, target), [options.play, options.target]);
    const enough = Number(options.frames);
    await tab.waitForFunction(
        count => result.done || result.errors.length > 0 || (count > 0 && result.frames >= count),
        enough, {timeout: Number(options.seconds) * 1000, polling: 100},
    ).catch(() => {});
    const result = await tab.evaluate(() => ({...result, decoded: video.getVideoPlaybackQuality().totalVideoFrames}));
    const ages = result.ages.slice(Math.floor(result.ages.length / 4)).sort((a, b) => a - b);  // once it runs
    const share = part => ages.length === 0 ? null : Number(ages[Math.floor((ages.length - 1) * part)].toFixed(3));
    delete result.ages;
    console.log(JSON.stringify({...result, age: {count: ages.length, median: share(0.5), p95: share(0.95)}}));
} finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
}
