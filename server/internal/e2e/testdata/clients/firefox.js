// Plays a whole game of the demo in Firefox, for browser/firefox_test.go: node firefox.js FIREFOX ADDRESS ROUNDS
//
// Ada always chooses the second answer, which is right, and Bo the first. Ada reloads her page in the second round.
'use strict';

const puppeteer = require('puppeteer-core');

const [executablePath, address, rounds] = process.argv.slice(2);
const problems = [];

async function player(browser, name) {
  const page = await (await browser.createBrowserContext()).newPage(); // with storage of its own
  page.setDefaultTimeout(60_000); // ms; a run that passes does not wait that long
  page.on('pageerror', (error) => problems.push(`${name}: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn') problems.push(`${name}: ${message.text()}`);
  });
  page.on('requestfailed', (request) => problems.push(`${name}: ${request.url()} ${request.failure()?.errorText}`));
  await page.goto(`${address}/demo`);
  await page.waitForSelector('body[data-link=open] #player-name');
  await page.$eval('#player-name', (input) => input.select());
  await page.type('#player-name', `${name}\t`);
  return page;
}

async function queue(page) {
  await page.click('.set:has([value=colours])');
  await page.click('#play');
}

// asked returns the question once it can be answered.
async function asked(page) {
  await page.waitForSelector('.choice[aria-disabled=false]');
  return page.$eval('h1', (e) => e.innerText);
}

async function answer(page, choice) {
  const question = await asked(page);
  await page.click(`.choice:nth-child(${choice})`);
  return question;
}

async function play(a, b) {
  await queue(a);
  await a.waitForSelector('#cancel');
  await queue(b);
  for (const page of [a, b]) {
    await page.waitForSelector('.match, .game');
    await page.evaluate(() => document.querySelector('#start:enabled')?.click());
  }
  for (let round = 1; round <= rounds; round++) {
    if (round === 2) {
      await asked(a);
      await a.reload();
    }
    const questions = [await answer(a, 2), await answer(b, 1)];
    if (questions[0] !== questions[1]) problems.push(`Ada is asked ${questions[0]}, Bo ${questions[1]}`);
    await b.waitForFunction((last) => document.querySelector('.final') || document.querySelector('h1')?.innerText !== last, {}, questions[1]);
  }
  for (const [page, outcome] of [[a, 'You won'], [b, 'You lost']]) {
    await page.waitForSelector('.final');
    const shown = await page.$eval('.outcome', (e) => e.innerText);
    if (!shown.includes(outcome)) problems.push(`the result is ${shown}, not ${outcome}`);
  }
}

async function main() {
  const browser = await puppeteer.launch({
    browser: 'firefox', executablePath, headless: true, timeout: 60_000,
    extraPrefsFirefox: {'intl.accept_languages': 'en-US', 'network.proxy.type': 0},
  });
  try {
    const [a, b] = await Promise.all([player(browser, 'Ada'), player(browser, 'Bo')]);
    try {
      await play(a, b);
    } catch (error) {
      for (const page of [a, b]) problems.push(await page.evaluate(() => document.body.innerText));
      throw error;
    }
  } finally {
    await browser.close();
  }
}

main().catch((error) => problems.push(error.stack)).then(() => {
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
});
